"""Reads question, context and answer out of what is kept of a request, whichever API it called."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from callbacks.quality.retrieved import separated

TOOL_ROLES = frozenset({"tool", "function"})
INSTRUCTING_ROLES = frozenset({"system", "developer"})
TOOL_TYPES = frozenset(
    {"tool_result", "function_call_output", "mcp_call", "document", "search_result", "file_search_call"}
)
HIDDEN_TYPES = frozenset({"thinking", "redacted_thinking", "reasoning", "tool_use", "function_call", "image_url"})
DEEPEST = 12


@dataclass(slots=True)
class Asked:
    """What was asked: the last question of the user, and all context from the latest to the earliest."""

    question: str = ""
    contexts: list[str] = field(default_factory=list)


class ContentCutError(ValueError):
    """The answer was too long to be kept, so it cannot be read."""


def read_input(kept: str | None) -> Asked:
    """What was asked, of the JSON that is kept of it; empty where that is not there or nothing that we know."""
    asked = Asked()
    value = _parsed(kept)
    if isinstance(value, Mapping) and not _is_cut(value):
        for name in ("messages", "input", "contents", "prompt"):
            if name in value:
                _read_messages(value[name], asked)
                break
        for name in ("system", "instructions", "systemInstruction", "system_instruction"):
            asked.contexts.append(separated(_text(value.get(name)))[0])
    elif not isinstance(value, Mapping):
        _read_messages(value, asked)
    asked.contexts = [context for context in asked.contexts if context]
    return asked


def read_output(kept: str | None) -> str:
    """The text of the first answer, of the JSON that is kept of it; empty where there is none, as in calls of tools.

    Raises:
        ContentCutError: see there.
    """
    value = _parsed(kept)
    if isinstance(value, Mapping) and _is_cut(value):
        raise ContentCutError
    return _answer(value).strip()


def _parsed(kept: str | None) -> Any:
    if kept is None:
        return None
    try:
        return json.loads(kept)
    except (ValueError, RecursionError):
        return None


def _is_cut(value: Mapping[str, Any]) -> bool:
    return value.keys() == {"truncated", "beginning"}


def _answer(value: Any) -> str:
    if isinstance(value, list):
        # Answers to one request, or the items of one answer.
        is_answers = bool(value) and isinstance(value[0], Mapping) and not {"type", "text"} & value[0].keys()
        return _answer(value[0]) if is_answers else _text(value)
    if not isinstance(value, Mapping):
        return _text(value)
    for name in ("choices", "candidates"):
        if isinstance(value.get(name), list):
            return _answer(value[name][0]) if value[name] else ""
    for name in ("message", "content", "parts", "output", "output_text", "text"):
        if value.get(name):
            found = value[name]
            return _answer(found) if isinstance(found, Mapping) else _text(found)
    return ""


def _read_messages(value: Any, asked: Asked) -> None:
    messages = value if isinstance(value, list) else [value]
    for message in reversed(messages):
        if isinstance(message, str):
            context, rest = separated(message)
        elif isinstance(message, Mapping):
            role = message.get("role") or ("user" if "parts" in message else None)
            if role in TOOL_ROLES or message.get("type") in TOOL_TYPES:
                asked.contexts.append(_text(message, tools=True))
                continue
            if role not in {"user", *INSTRUCTING_ROLES} and not ("text" in message and role is None):
                continue
            content = message.get("content", message.get("parts", message.get("text")))
            asked.contexts += [_text(part, tools=True) for part in _tool_parts(content)]
            context, rest = separated(_text(content))
            rest = "" if role in INSTRUCTING_ROLES else rest
        else:
            continue
        asked.contexts.append(context)
        asked.question = asked.question or rest


def _tool_parts(content: Any) -> Iterator[Mapping[str, Any]]:
    for part in content if isinstance(content, list) else []:
        if isinstance(part, Mapping) and (part.get("type") in TOOL_TYPES or "functionResponse" in part):
            yield part


def _text(value: Any, *, tools: bool = False, depth: int = 0) -> str:
    """The texts of a message or a part of one, a line each; those of tools only where asked for."""
    if isinstance(value, str):
        return value
    if depth > DEEPEST:
        return ""
    if isinstance(value, list):
        return "\n".join(filter(None, (_text(part, tools=tools, depth=depth + 1) for part in value)))
    if not isinstance(value, Mapping) or value.get("type") in HIDDEN_TYPES or value.get("thought") is True:
        return ""
    if not tools and (value.get("type") in TOOL_TYPES or "functionResponse" in value):
        return ""
    names = (
        "text",
        "content",
        "parts",
        *(("output", "source", "data", "functionResponse", "response") if tools else ()),
    )
    found = [_text(value[name], tools=tools, depth=depth + 1) for name in names if name in value]
    if tools and not any(found):
        found = [_text(part, tools=True, depth=depth + 1) for part in value.values() if not isinstance(part, str)]
    return "\n".join(filter(None, found))
