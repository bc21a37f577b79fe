"""The types of a chat's fields, checked before LiteLLM fails on a wrong one with 500 and tries it again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inferspect.refusal import Refusal

PATHS = ("/chat/completions", "/messages")
MOST_MESSAGES = 4096  # LiteLLM spends 0.1 ms on each, during which its worker serves nobody else
NAMES = {str: "a string", dict: "an object", list: "an array", (int, float): "a number", bool: "true or false"}
FIELDS: Mapping[str, Any] = {
    "model": str,
    "messages": list,
    "tools": list,
    "functions": list,
    "tags": list,
    "response_format": dict,
    "stream_options": dict,
    "logit_bias": dict,
    "metadata": dict,
    "litellm_metadata": dict,
    "extra_body": dict,
    "extra_headers": dict,
    "timeout": (int, float),
    "stream": bool,
}
ITEMS: Mapping[str, Any] = {"messages": dict, "tools": dict, "functions": dict, "tags": str}


def check_chat(content: Mapping[str, Any]) -> None:
    """Refuse a field of the wrong type; what is absent or null is left to LiteLLM.

    Raises:
        Refusal: 400 ``invalid_type``, which names the field and the type it must have, or ``too_many_messages``.
    """
    messages = content.get("messages")
    if isinstance(messages, list) and len(messages) > MOST_MESSAGES:
        raise Refusal(
            400, "too_many_messages", f"A request may have at most {MOST_MESSAGES} messages; this has {len(messages)}."
        )
    for field, kind in FIELDS.items():
        value = content.get(field)
        if value is None:
            continue
        _check(value, kind, field, field)
        if field in ITEMS:
            for index, item in enumerate(value):
                _check(item, ITEMS[field], f"{field}.{index}", field)
    for index, message in enumerate(content.get("messages") or ()):
        _check(message.get("role"), str, f"messages.{index}.role", "messages")


def _check(value: Any, kind: Any, place: str, field: str) -> None:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise Refusal(400, "invalid_type", f"{place!r} must be {NAMES[kind]}.", field)
