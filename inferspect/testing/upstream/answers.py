"""Decides what is answered: a scripted answer, an echo, a tool call, JSON, or the friendly demo sentence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import orjson

from .conversation import CHARACTERS_PER_TOKEN, Answer, Tool, ToolCall, estimate_tokens
from .json_schema import example

if TYPE_CHECKING:
    from .behaviour import Behaviour
    from .conversation import Conversation
    from .script import ScriptedAnswer

QUOTED_CHARACTERS = 300

_FILLER = "The simulator writes this sentence again and again until the answer is as long as it was asked to be. "
_TOOL_WITHOUT_DEFINITION = Tool("lookup", {"type": "object", "properties": {"query": {"type": "string"}}})


def compose(
    conversation: Conversation, behaviour: Behaviour, scripted: ScriptedAnswer | None, received: bytes
) -> Answer:
    """The answer to `conversation`; `received` is the request's body, which `echo` repeats.

    A scripted answer comes first, then `echo`, then tool calls, then text.
    """
    if scripted is not None:
        answer = _limited(scripted.text, scripted.calls(), conversation)
        return replace(
            answer,
            reasoning=scripted.reasoning,
            piece_characters=scripted.piece_characters,
            further_tokens=scripted.tokens,
        )
    if behaviour.answer == "echo":
        # An echo is evidence of what was received, so neither `max_tokens` nor `stop` may shorten it.
        return Answer(received.decode())
    called = _tool_to_call(conversation, asked=behaviour.answer == "tool-call")
    if called is not None:
        arguments = example(called.schema, conversation.last_user_message or "example")
        return Answer("", (ToolCall(called.name, orjson.dumps(arguments).decode()),), "tool_calls")
    return _limited(_text(conversation, behaviour), (), conversation)


def _tool_to_call(conversation: Conversation, *, asked: bool) -> Tool | None:
    if conversation.tool_choice == "none":
        return None
    if conversation.named_tool is not None:
        return next(tool for tool in conversation.tools if tool.name == conversation.named_tool)
    # Once the tool's result is in, `tool-call` answers in words: an agent's loop would never end otherwise.
    if conversation.tool_choice == "required" or (asked and not conversation.ends_with_tool_result):
        return next(iter(conversation.tools), _TOOL_WITHOUT_DEFINITION)
    return None


def _text(conversation: Conversation, behaviour: Behaviour) -> str:
    if behaviour.answer == "tokens":
        characters = behaviour.answer_tokens * CHARACTERS_PER_TOKEN
        return (_FILLER * (characters // len(_FILLER) + 1))[:characters]
    said = conversation.last_user_message
    quoted = said if len(said) <= QUOTED_CHARACTERS else said[:QUOTED_CHARACTERS] + "…"
    text = f'Hello! I am InferSpect\'s simulator, so no real model was asked. You wrote: "{quoted}"'
    if conversation.answer_schema is None:
        return text
    schema = conversation.answer_schema
    return orjson.dumps(example(schema) if schema else {"answer": text}).decode()


def _limited(text: str, calls: tuple[ToolCall, ...], conversation: Conversation) -> Answer:
    """`text` up to the first stop sequence and at most `maximum_tokens` long; with tool calls it stays whole."""
    if calls:
        return Answer(text, calls, "tool_calls")
    finish = "stop"
    stops = [(text.find(sequence), sequence) for sequence in conversation.stop if sequence in text]
    stop_sequence = None
    if stops:
        position, stop_sequence = min(stops)
        text, finish = text[:position], "stop_sequence"
    maximum = conversation.maximum_tokens
    if maximum is not None and estimate_tokens(len(text)) > maximum:
        text, finish, stop_sequence = text[: maximum * CHARACTERS_PER_TOKEN], "length", None
    return Answer(text, (), finish, stop_sequence)
