"""A request's meaning and an answer's content, in words that no single API owns."""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from .tokens import NO_TOKENS, ScriptedTokens

if TYPE_CHECKING:
    from collections.abc import Iterator

CHARACTERS_PER_TOKEN = 4

Json = dict[str, Any]

_PROCESS = secrets.token_hex(6)
_COUNTER = itertools.count(1)


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
    """What was asked. `tool_choice` is `auto`, `none`, `required` or `named`; then `named_tool` says which.

    `system` is what the system and developers said, `history` what all others said before the last user message.
    """

    model: str
    request: Json
    last_user_message: str
    prompt_tokens: int
    system: str = ""
    history: str = ""
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
    """What is answered. `finish` is `stop`, `length`, `stop_sequence` or `tool_calls`; tokens are for one choice.

    `reasoning` is told before the text. A stream sends `piece_characters` an event. `tokens` are those of the texts,
    `further_tokens` come on top.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish: str = "stop"
    stop_sequence: str | None = None
    reasoning: str = ""
    piece_characters: int = CHARACTERS_PER_TOKEN
    further_tokens: ScriptedTokens = NO_TOKENS
    tokens: int = field(init=False)

    def __post_init__(self) -> None:
        """Count once, so that a streamed and a whole answer report the same usage."""
        called = sum(estimate_tokens(len(call.arguments)) for call in self.tool_calls)
        object.__setattr__(self, "tokens", estimate_tokens(len(self.text)) + self._told_reasoning + called)

    @property
    def output_tokens(self) -> int:
        """All that the answer took."""
        return self.tokens + self.further_tokens.output

    @property
    def reasoning_tokens(self) -> int:
        """Those of `output_tokens` that reasoning took."""
        return self._told_reasoning + self.further_tokens.reasoning

    @property
    def _told_reasoning(self) -> int:
        return estimate_tokens(len(self.reasoning))

    def pieces(self, text: str) -> Iterator[tuple[str, int]]:
        """`text` as the stream's events have it, with the tokens of each; together as many as a whole answer has."""
        told = 0
        for end in range(self.piece_characters, len(text) + self.piece_characters, self.piece_characters):
            tokens = estimate_tokens(min(end, len(text)))
            yield text[end - self.piece_characters : end], tokens - told
            told = tokens


def estimate_tokens(characters: int) -> int:
    """The simulator's token estimate: ceil(characters / 4)."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def new_id(prefix: str) -> str:
    """An identifier that no other answer of this or, in practice, any other process has."""
    return f"{prefix}{_PROCESS}{next(_COUNTER):012x}"


def server_sent_event(payload: Json, name: str | None = None) -> bytes:
    """One event for a `text/event-stream` body."""
    data = orjson.dumps(payload)
    return b"data: %b\n\n" % data if name is None else b"event: %b\ndata: %b\n\n" % (name.encode(), data)
