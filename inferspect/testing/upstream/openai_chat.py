"""OpenAI's chat completions: `POST /v1/chat/completions`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from .api import Api, openai_error, openai_error_event
from .conversation import (
    Conversation,
    Json,
    Tool,
    estimate_tokens,
    new_id,
    server_sent_event,
)
from .exchange import Event
from .reading import (
    Told,
    choice_count,
    message_list,
    named_choice,
    object_at,
    object_list,
    plain_choice,
    positive_integer,
    stop_sequences,
    text_of,
    tool,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conversation import Answer

END_OF_STREAM = b"data: [DONE]\n\n"


def read(request: Json) -> Conversation:
    """The conversation in a request's body.

    Raises:
        InvalidRequestError: The API would refuse it.
    """
    messages = message_list(request, "messages")
    characters = 0
    told = Told()
    for message in messages:
        text = text_of(message.get("content"))
        characters += len(text) + sum(len(_arguments(call)) for call in object_list(message, "tool_calls"))
        told.add(message.get("role"), text)
    tools = _tools(request)
    tool_choice, named_tool = _tool_choice(request, tools)
    return Conversation(
        model=request["model"],
        request=request,
        last_user_message=told.last_user_message,
        system=told.system,
        history=told.history,
        prompt_tokens=estimate_tokens(characters),
        ends_with_tool_result=messages[-1].get("role") == "tool",
        stream=bool(request.get("stream")),
        include_usage=bool(object_at(request, "stream_options").get("include_usage")),
        choices=choice_count(request),
        maximum_tokens=positive_integer(request, "max_completion_tokens", "max_tokens"),
        stop=stop_sequences(request, "stop"),
        tools=tools,
        tool_choice=tool_choice,
        named_tool=named_tool,
        answer_schema=_answer_schema(request),
    )


def _arguments(call: Json) -> str:
    arguments = object_at(call, "function").get("arguments")
    return arguments if isinstance(arguments, str) else ""


def _tools(request: Json) -> tuple[Tool, ...]:
    """The functions among the tools; custom tools have no arguments that could be made up from a schema."""
    return tuple(
        tool(definition.get("function"), "parameters")
        for definition in object_list(request, "tools")
        if definition.get("type", "function") == "function"
    )


def _tool_choice(request: Json, tools: tuple[Tool, ...]) -> tuple[str, str | None]:
    choice = request.get("tool_choice") or "auto"
    if isinstance(choice, dict):
        return named_choice(object_at(choice, "function").get("name"), tools)
    return plain_choice(choice, tools)


def _answer_schema(request: Json) -> Json | None:
    answer_format = object_at(request, "response_format")
    if answer_format.get("type") == "json_schema":
        return object_at(object_at(answer_format, "json_schema"), "schema")
    return {} if answer_format.get("type") == "json_object" else None


def usage(conversation: Conversation, answer: Answer) -> Json:
    """Usage numbers in OpenAI's shape; completion tokens are those of all choices."""
    further = answer.further_tokens
    prompt_tokens = conversation.prompt_tokens + further.input
    completion_tokens = answer.output_tokens * conversation.choices
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
        "prompt_tokens_details": {
            "cached_tokens": further.cached,
            "cache_write_tokens": further.cache_creation,
            "audio_tokens": further.audio_input,
        },
        "completion_tokens_details": {
            "reasoning_tokens": answer.reasoning_tokens * conversation.choices,
            "audio_tokens": further.audio_output * conversation.choices,
        },
    }


def finish_reason(answer: Answer) -> str:
    """OpenAI does not tell a stop sequence from a natural end."""
    return "stop" if answer.finish == "stop_sequence" else answer.finish


def whole(conversation: Conversation, answer: Answer) -> Json:
    """The body of an answer that is not streamed."""
    return {
        "id": new_id("chatcmpl-"),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": conversation.model,
        "choices": [
            {
                "index": index,
                "message": _message(answer),
                "logprobs": None,
                "finish_reason": finish_reason(answer),
            }
            for index in range(conversation.choices)
        ],
        "usage": usage(conversation, answer),
        "service_tier": "default",
        "system_fingerprint": "fp_simulator",
    }


def _message(answer: Answer) -> Json:
    message: Json = {"role": "assistant", "content": answer.text, "refusal": None}
    if answer.reasoning:
        # Not OpenAI's, which tells none in this API, but of those who speak it with models that reason.
        message["reasoning_content"] = answer.reasoning
    if answer.tool_calls:
        message["content"] = answer.text or None
        message["tool_calls"] = [
            {"id": new_id("call_"), "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in answer.tool_calls
        ]
    return message


def events(conversation: Conversation, answer: Answer) -> Iterator[Event]:
    """The events of a streamed answer."""
    envelope: Json = {
        "id": new_id("chatcmpl-"),
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": conversation.model,
        "service_tier": "default",
        "system_fingerprint": "fp_simulator",
        "choices": [],
    }
    if conversation.include_usage:
        envelope["usage"] = None

    def chunk(index: int, delta: Json, *, tokens: int = 0, finish: str | None = None) -> Event:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        return Event(server_sent_event({**envelope, "choices": [choice]}), tokens)

    indexes = range(conversation.choices)
    for index in indexes:
        content = None if answer.tool_calls and not answer.text else ""
        yield chunk(index, {"role": "assistant", "content": content, "refusal": None})
    for delta, tokens in _text_deltas(answer):
        for index in indexes:
            yield chunk(index, delta, tokens=tokens)
    for index in indexes:
        for delta, tokens in _tool_call_deltas(answer):
            yield chunk(index, {"tool_calls": [delta]}, tokens=tokens)
    for index in indexes:
        yield chunk(index, {}, finish=finish_reason(answer))
    if conversation.include_usage:
        yield Event(server_sent_event({**envelope, "usage": usage(conversation, answer)}))
    yield Event(END_OF_STREAM)


def _text_deltas(answer: Answer) -> Iterator[tuple[dict[str, Any], int]]:
    for member, text in (("reasoning_content", answer.reasoning), ("content", answer.text)):
        for piece, tokens in answer.pieces(text):
            yield {member: piece}, tokens


def _tool_call_deltas(answer: Answer) -> Iterator[tuple[dict[str, Any], int]]:
    for position, call in enumerate(answer.tool_calls):
        function = {"name": call.name, "arguments": ""}
        yield {"index": position, "id": new_id("call_"), "type": "function", "function": function}, 0
        for piece, tokens in answer.pieces(call.arguments):
            yield {"index": position, "function": {"arguments": piece}}, tokens


CHAT_COMPLETIONS = Api(
    read=read,
    whole=whole,
    events=events,
    error=openai_error,
    error_event=openai_error_event,
    request_id_header="x-request-id",
)
