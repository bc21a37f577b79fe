"""A request's meaning and an answer's content, in words that no single API owns."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field
from typing import Any

import orjson

CHARACTERS_PER_TOKEN = 4
MAXIMUM_CHOICES = 128

Json = dict[str, Any]

_PROCESS = secrets.token_hex(6)
_COUNTER = itertools.count(1)


class InvalidRequestError(ValueError):
    """A request that the simulated API refuses with status 400; `parameter` is the field to blame."""

    def __init__(self, message: str, parameter: str | None = None) -> None:
        """Blame `parameter`, if it is known."""
        super().__init__(message)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class Failure:
    """An error to be told in the shape of whichever API was called; `retry_after` in seconds."""

    status: int
    message: str
    type: str | None = None
    code: str | None = None
    parameter: str | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the answer may call, and the JSON schema of its arguments."""

    name: str
    schema: Json


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call of the function `name`; `arguments` is JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What was asked. `tool_choice` is `auto`, `none`, `required` or `named`; then `named_tool` says which."""

    model: str
    request: Json
    last_user_message: str
    prompt_tokens: int
    ends_with_tool_result: bool = False
    stream: bool = False
    include_usage: bool = False
    choices: int = 1
    maximum_tokens: int | None = None
    stop: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    named_tool: str | None = None
    answer_schema: Json | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered. `finish` is `stop`, `length`, `stop_sequence` or `tool_calls`; tokens are for one choice."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish: str = "stop"
    stop_sequence: str | None = None
    tokens: int = field(init=False)

    def __post_init__(self) -> None:
        """Count once, so that a streamed and a whole answer report the same usage."""
        called = sum(estimate_tokens(len(call.arguments)) for call in self.tool_calls)
        object.__setattr__(self, "tokens", estimate_tokens(len(self.text)) + called)


def estimate_tokens(characters: int) -> int:
    """The simulator's token estimate: ceil(characters / 4)."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def pieces(text: str) -> list[str]:
    """`text` in pieces of one token each, as many as `estimate_tokens` counts."""
    return [text[start : start + CHARACTERS_PER_TOKEN] for start in range(0, len(text), CHARACTERS_PER_TOKEN)]


def new_id(prefix: str) -> str:
    """An identifier that no other answer of this or, in practice, any other process has."""
    return f"{prefix}{_PROCESS}{next(_COUNTER):012x}"


def server_sent_event(payload: Json, name: str | None = None) -> bytes:
    """One event for a `text/event-stream` body."""
    data = orjson.dumps(payload)
    return b"data: %b\n\n" % data if name is None else b"event: %b\ndata: %b\n\n" % (name.encode(), data)


def text_of(content: object) -> str:
    """The text in a message's content, which is a string, a list of parts, or absent; images and files count as none.

    Raises:
        InvalidRequestError: The content is something else.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        content = [content]
    if not isinstance(content, list):
        raise InvalidRequestError("A message's content is a string or a list of parts.", "messages")
    texts: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict):
            text = part.get("text")
            # Tool results nest their own content; everything else without a text is not text.
            texts.append(text if isinstance(text, str) else text_of(part.get("content")))
        else:
            raise InvalidRequestError("A part of a message's content is an object.", "messages")
    return "\n".join(text for text in texts if text)


def message_list(request: Json, name: str) -> list[Json]:
    """The list of messages under `name`.

    Raises:
        InvalidRequestError: It is missing, empty, or not a list of objects.
    """
    messages = request.get(name)
    if not isinstance(messages, list) or not messages or not all(isinstance(message, dict) for message in messages):
        raise InvalidRequestError(f"'{name}' must be a non-empty list of objects.", name)
    return messages


def positive_integer(request: Json, *names: str) -> int | None:
    """The first of `names` that is set, or None.

    Raises:
        InvalidRequestError: It is not an integer above 0.
    """
    for name in names:
        value = request.get(name)
        if value is not None:
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise InvalidRequestError(f"'{name}' must be an integer above 0.", name)
            return value
    return None


def choice_count(request: Json) -> int:
    """The number of answers asked for with `n`.

    Raises:
        InvalidRequestError: It is not between 1 and 128.
    """
    count = positive_integer(request, "n") or 1
    if count > MAXIMUM_CHOICES:
        raise InvalidRequestError(f"'n' must be at most {MAXIMUM_CHOICES}.", "n")
    return count


def stop_sequences(request: Json, name: str) -> tuple[str, ...]:
    """The stop sequences under `name`: a string, a list of strings, or absent.

    Raises:
        InvalidRequestError: They are something else.
    """
    value = request.get(name)
    sequences = [value] if isinstance(value, str) else value or []
    if not isinstance(sequences, list) or not all(isinstance(sequence, str) for sequence in sequences):
        raise InvalidRequestError(f"'{name}' must be a string or a list of strings.", name)
    return tuple(sequence for sequence in sequences if sequence)


def object_at(container: Json, name: str) -> Json:
    """The object under `name`, or an empty one when it is absent or null.

    Raises:
        InvalidRequestError: It is not an object.
    """
    value = container.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequestError(f"'{name}' must be an object.", name)
    return value
