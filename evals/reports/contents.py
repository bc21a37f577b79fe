"""Texts out of the JSON that is kept of a request: what the user asked last, and what was answered first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

ASKED = ("messages", "input", "contents", "prompt")
ANSWERED = ("choices", "candidates", "message", "content", "parts", "output", "output_text", "text")
HIDDEN = frozenset({"thinking", "redacted_thinking", "reasoning", "tool_use", "function_call", "tool_result"})
DEEPEST = 12


def question_of(kept: str | None) -> str:
    """The last message of the user; empty where that is not to be found."""
    value = _parsed(kept)
    if isinstance(value, Mapping):
        value = next((value[name] for name in ASKED if name in value), None)
    messages = value if isinstance(value, list) else [value]
    for message in reversed(messages):
        if isinstance(message, str):
            return _storable(message.strip())
        if isinstance(message, Mapping) and message.get("role", "user") == "user":
            text = _text(message.get("content", message.get("parts", message.get("text"))))
            if text:
                return _storable(text)
    return ""


def answer_of(kept: str | None) -> str:
    """The text of the first answer; empty where there is none, as in calls of tools."""
    value = _parsed(kept)
    if isinstance(value, list) and value and isinstance(value[0], Mapping) and "message" in value[0]:
        value = value[0]
    return _storable(_text(value))


def _storable(text: str) -> str:
    """Without what no file of UTF-8 can hold, and what ends a text for its readers."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _parsed(kept: str | None) -> Any:
    try:
        value = None if kept is None else json.loads(kept)
    except (ValueError, RecursionError):
        return None
    is_cut = isinstance(value, Mapping) and value.keys() == {"truncated", "beginning"}
    return None if is_cut else value


def _text(value: Any, depth: int = 0) -> str:
    if isinstance(value, str):
        return value.strip()
    if depth > DEEPEST:
        return ""
    if isinstance(value, list):
        return "\n".join(filter(None, (_text(part, depth + 1) for part in value)))
    if not isinstance(value, Mapping) or _is_hidden(value.get("type")):
        return ""
    found = (_text(value[name], depth + 1) for name in ANSWERED if value.get(name))
    return next(filter(None, found), "")


def _is_hidden(kind: Any) -> bool:
    return isinstance(kind, str) and kind in HIDDEN
