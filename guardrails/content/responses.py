"""The texts of an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from guardrails.content.fields import FREE
from guardrails.content.walk import Walk

# Identifiers, settings and figures; any other field of an answer may hold content, also one that is invented tomorrow.
OTHER_FIELDS = frozenset({
    "id", "object", "created", "created_at", "model", "status", "type", "role", "stop_reason", "usage",
    "system_fingerprint", "service_tier", "_hidden_params", "_response_headers", "previous_response_id", "tool_choice",
    "truncation", "usageMetadata", "modelVersion", "responseId", "createTime", "first_id", "last_id",
})  # fmt: skip
DEFINITION_FIELDS = frozenset({"tools"})

# They spell an answer out a second time, in pieces in which nothing is found.
PROBABILITIES = frozenset({"logprobs", "logprobsResult"})
TIMED_PIECES = ("words", "segments")


def response_texts(response: Any) -> Walk:
    """The texts of an answer: LiteLLM's response objects, or a dictionary as ``/v1/messages`` and Gemini have it."""
    _unpack_transcript(response)
    roots = list(_response_fields(response))
    heard = 1 if not roots and hasattr(response, "aiter_bytes") else 0  # speech
    return Walk(
        [
            (members, field, "definition" if field in DEFINITION_FIELDS else "parts", "assistant")
            for members, field in roots
        ],
        media=heard,
    )


def empty_response(response: Any) -> None:
    """Take the fields of an answer away that hold its content, whatever they hold."""
    for members, field in list(_response_fields(response)):
        members[field] = "" if isinstance(members[field], str) else []


def drop_token_probabilities(response: Any) -> None:
    """Take away what spells an answer out by tokens or words, also what was masked in it.

    These are log probabilities, and the timed words and segments of a transcription.
    """
    pending: list[Any] = _places(response)
    for members in pending:
        members.update((piece, None) for piece in TIMED_PIECES if members.get(piece))
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
            continue
        for members in _places(value):
            members.update((name, None) for name in PROBABILITIES if members.get(name))
            pending += (
                member
                for name, member in members.items()
                if isinstance(member, list | BaseModel) or (isinstance(member, dict) and name not in FREE)
            )


def _places(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, BaseModel):
        return [vars(value), *([value.__pydantic_extra__] if value.__pydantic_extra__ else [])]
    return [value] if isinstance(value, dict) else []


def _response_fields(response: Any) -> Iterator[tuple[dict[str, Any], str]]:
    for members in _places(response):
        for field, value in members.items():
            if field not in OTHER_FIELDS and isinstance(value, str | list | tuple | dict | BaseModel) and value:
                yield members, field


def _unpack_transcript(response: Any) -> None:
    """Put a transcript in place of the event stream that LiteLLM takes for one where a client asked for a stream."""
    for members in _places(response)[:1]:
        stream = members.get("text")
        if isinstance(stream, str) and stream.startswith("data: {") and '"transcript.text.' in stream:
            members["text"] = _transcript(stream)


def _transcript(stream: str) -> str:
    heard: list[str] = []
    for line in stream.splitlines():
        try:
            event = json.loads(line.removeprefix("data: ")) if line.startswith("data: {") else {}
        except ValueError:
            continue
        if event.get("type") == "transcript.text.done":
            return str(event.get("text"))
        if event.get("type") == "transcript.text.delta":
            heard.append(str(event.get("delta")))
    return "".join(heard)
