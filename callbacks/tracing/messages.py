"""Contents in the form that OpenTelemetry's conventions for generative AI give to messages: roles with parts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

Part = dict[str, Any]
TEXTS = ("text", "input_text", "output_text")


def as_messages(content: str | None, role: str) -> str | None:
    """What was asked or answered, as JSON; ``None`` where there is none.

    Args:
        content: JSON in the words of the API that was called.
        role: of what names none.
    """
    if content is None:
        return None
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError:
        value = content
    if isinstance(value, Mapping):
        value = next((value[name] for name in ("messages", "input", "choices") if name in value), value)
    return json.dumps([_message(one, role) for one in (value if isinstance(value, list) else [value])])


def _message(value: Any, role: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        return {"role": role, "parts": list(_parts(value))}
    inner = value.get("message")  # of a choice
    said = inner if isinstance(inner, Mapping) else value
    known = isinstance(said.get("role"), str) or "content" in said
    parts = [*_parts(said.get("content")), *_tool_calls(said.get("tool_calls"))] if known else list(_parts(said))
    message: dict[str, Any] = {"role": said.get("role") or role, "parts": parts}
    if isinstance(reason := value.get("finish_reason"), str):
        message["finish_reason"] = reason
    return message


def _parts(content: Any) -> Iterator[Part]:
    if isinstance(content, list):
        for one in content:
            yield from _parts(one)
    elif isinstance(content, str):
        yield {"type": "text", "content": content}
    elif isinstance(content, Mapping) and content.get("type") in TEXTS and isinstance(content.get("text"), str):
        yield {"type": "text", "content": content["text"]}
    elif content is not None:
        yield {"type": "text", "content": json.dumps(content)}


def _tool_calls(calls: Any) -> Iterator[Part]:
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            yield {
                "type": "tool_call",
                "id": call.get("id"),
                "name": function.get("name"),
                "arguments": function.get("arguments"),
            }
