"""Where a request names a prompt, and where its API has a place for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any

from inferspect.refusal import Refusal

FIELDS = ("prompt_id", "prompt_label", "prompt_version", "prompt_variables")  # LiteLLM's names for them
LONGEST = 200  # characters of a name or label
LARGEST_VERSION = 2**31 - 1  # of the database's column
# LiteLLM's names for calls of the APIs that take messages.
CHAT, RESPONSES, MESSAGES = {"completion", "acompletion"}, {"responses", "aresponses"}, {"anthropic_messages"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The prompt that a request names."""

    name: str
    label: str | None
    version: int | None
    variables: Mapping[str, Any]


def taken_prompt(data: dict[str, Any], call_type: str) -> Asked:
    """What the request says of its prompt, taken out of it: LiteLLM and the provider are not told.

    Raises:
        Refusal: ``prompt_invalid``: a field is of the wrong type, or the endpoint has no place for a prompt.
    """
    name, label, version, variables = (data.pop(field, None) for field in FIELDS)
    text = f"a text of 1 to {LONGEST} printable characters"
    for field, is_right, expected in (
        ("prompt_id", _is_name(name), text),
        ("prompt_label", label is None or _is_name(label), text),
        ("prompt_version", version is None or _is_version(version), "a whole number from 1, without quotes"),
        ("prompt_variables", variables is None or isinstance(variables, Mapping), 'an object, such as {"name": "An"}'),
    ):
        if not is_right:
            raise Refusal(400, "prompt_invalid", f"'{field}' must be {expected}.", field)
    if call_type not in CHAT | RESPONSES | MESSAGES:
        raise Refusal(400, "prompt_invalid", "This endpoint takes no prompt.", "prompt_id")
    return Asked(name, label, version, variables or {})


def put_before(data: dict[str, Any], messages: list[dict[str, Any]], call_type: str) -> None:
    """Put messages before those of the request, in the words of the API that is called.

    Raises:
        Refusal: ``prompt_invalid``: the request's own are no messages or instructions; or a placeholder brings a system
            message that is no text where instructions are texts.
    """
    if call_type in CHAT:
        data["messages"] = [*messages, *_own(data, "messages", list, [])]
        return
    system = "\n\n".join(_text_of(message) for message in messages if message.get("role") == "system")
    others = [message for message in messages if message.get("role") != "system"]
    if call_type in MESSAGES:
        data["messages"] = [*others, *_own(data, "messages", list, [])]
        data["system"] = _joined(system, _own(data, "system", str | list, ""))
    else:
        asked = _own(data, "input", str | list, [])
        if others:
            data["input"] = [*others, *(asked if isinstance(asked, list) else [{"role": "user", "content": asked}])]
        data["instructions"] = _joined(system, _own(data, "instructions", str, ""))
    for field in ("system", "instructions"):
        if data.get(field) in ("", None):
            data.pop(field, None)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()


def _is_version(value: Any) -> bool:
    return type(value) is int and 0 < value <= LARGEST_VERSION


def _text_of(message: dict[str, Any]) -> str:
    content = message.get("content")
    if not isinstance(content, str):
        reason = "A system message of a prompt's placeholder needs a text as its content on this endpoint."
        raise Refusal(400, "prompt_invalid", reason, "prompt_variables")
    return content


def _own(data: dict[str, Any], field: str, kind: type | UnionType, nothing: Any) -> Any:
    """What the request has of its own; anything else would be lost in silence."""
    own = data.get(field)
    if own is None:
        return nothing
    if not isinstance(own, kind):
        raise Refusal(400, "prompt_invalid", f"'{field}' is not what this endpoint takes.", field)
    return own


def _joined(system: str, own: str | list[Any]) -> Any:
    """The prompt's instructions and then the request's, which Anthropic's API also has as a list of blocks."""
    if isinstance(own, list):
        return [{"type": "text", "text": system}, *own] if system else own
    return "\n\n".join(filter(None, (system, own)))
