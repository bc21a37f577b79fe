"""Anthropic's messages: `POST /v1/messages` and `POST /v1/messages/count_tokens`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from .api import Api
from .conversation import (
    Conversation,
    Failure,
    Json,
    Tool,
    estimate_tokens,
    new_id,
    server_sent_event,
)
from .exchange import Event
from .reading import (
    InvalidRequestError,
    Told,
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

# Of a thought; nobody checks it here.
SIGNATURE = "c2ltdWxhdG9y"

_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "stop_sequence": "stop_sequence",
    "tool_calls": "tool_use",
}
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def read(request: Json) -> Conversation:
    """The conversation in a request's body.

    Raises:
        InvalidRequestError: The API would refuse it.
    """
    maximum_tokens = positive_integer(request, "max_tokens")
    if maximum_tokens is None:
        raise InvalidRequestError("max_tokens: Field required", "max_tokens")
    messages = message_list(request, "messages")
    told = Told()
    told.add("system", text_of(request.get("system")))
    for message in messages:
        content = message.get("content")
        said = text_of(_without_tool_results(content))
        # A turn that only brings a tool's result is the program's, not the user's.
        told.add(message.get("role") if said else "tool", said or text_of(content))
    tools = _tools(request)
    tool_choice, named_tool = _tool_choice(request, tools)
    return Conversation(
        model=request["model"],
        request=request,
        last_user_message=told.last_user_message,
        system=told.system,
        history=told.history,
        prompt_tokens=_prompt_tokens(request),
        ends_with_tool_result=any(part.get("type") == "tool_result" for part in _parts(messages[-1])),
        stream=bool(request.get("stream")),
        maximum_tokens=maximum_tokens,
        stop=stop_sequences(request, "stop_sequences"),
        tools=tools,
        tool_choice=tool_choice,
        named_tool=named_tool,
        answer_schema=_answer_schema(request),
    )


def count_tokens(request: Json) -> Json:
    """The answer of `count_tokens`: the same estimate that answers report.

    Raises:
        InvalidRequestError: The API would refuse the request.
    """
    return {"input_tokens": _prompt_tokens(request)}


def _prompt_tokens(request: Json) -> int:
    characters = len(text_of(request.get("system")))
    for message in message_list(request, "messages"):
        characters += len(text_of(message.get("content")))
        characters += sum(len(orjson.dumps(part["input"]).decode()) for part in _parts(message) if part.get("input"))
    return estimate_tokens(characters)


def _parts(message: Json) -> list[Json]:
    content = message.get("content")
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []


def _without_tool_results(content: object) -> object:
    if not isinstance(content, list):
        return content
    return [part for part in content if not (isinstance(part, dict) and part.get("type") == "tool_result")]


def _tools(request: Json) -> tuple[Tool, ...]:
    """The client's tools; those that Anthropic runs itself, such as a web search, have another type."""
    return tuple(
        tool(given, "input_schema") for given in object_list(request, "tools") if given.get("type") in (None, "custom")
    )


def _tool_choice(request: Json, tools: tuple[Tool, ...]) -> tuple[str, str | None]:
    choice = object_at(request, "tool_choice")
    kind = choice.get("type", "auto")
    return named_choice(choice.get("name"), tools) if kind == "tool" else plain_choice(_CHOICES.get(kind), tools)


def _answer_schema(request: Json) -> Json | None:
    answer_format = object_at(object_at(request, "output_config"), "format")
    return object_at(answer_format, "schema") if answer_format.get("type") == "json_schema" else None


def _message(conversation: Conversation, content: list[Json], usage: Json) -> Json:
    return {
        "id": new_id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": conversation.model,
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": usage,
    }


def _usage(conversation: Conversation, answer: Answer) -> Json:
    """Usage numbers; unlike OpenAI's, the input tokens are those alone that no cache has to do with."""
    further = answer.further_tokens
    return {
        "input_tokens": conversation.prompt_tokens + further.audio_input,
        "cache_creation_input_tokens": further.cache_creation,
        "cache_read_input_tokens": further.cached,
        "output_tokens": answer.output_tokens,
        "output_tokens_details": {"thinking_tokens": answer.reasoning_tokens},
    }


def _stop(answer: Answer) -> Json:
    return {"stop_reason": _STOP_REASONS[answer.finish], "stop_sequence": answer.stop_sequence}


def whole(conversation: Conversation, answer: Answer) -> Json:
    """The body of an answer that is not streamed."""
    content: list[Json] = []
    if answer.reasoning:
        content.append({"type": "thinking", "thinking": answer.reasoning, "signature": SIGNATURE})
    if answer.text:
        content.append({"type": "text", "text": answer.text})
    content.extend({**_tool_use(call.name), "input": _input(call.arguments)} for call in answer.tool_calls)
    return {**_message(conversation, content, _usage(conversation, answer)), **_stop(answer)}


def _tool_use(name: str) -> Json:
    return {"type": "tool_use", "id": new_id("toolu_"), "name": name, "input": {}}


def _input(arguments: str) -> object:
    try:
        return orjson.loads(arguments)
    except orjson.JSONDecodeError:
        # Only a script can bring arguments that are not JSON; Anthropic's shape has no place for them but a string.
        return arguments


def events(conversation: Conversation, answer: Answer) -> Iterator[Event]:
    """The events of a streamed answer, in Anthropic's order."""
    blocks: list[tuple[Json, list[tuple[Json, int]]]] = []
    if answer.reasoning:
        signed: Json = {"type": "signature_delta", "signature": SIGNATURE}
        deltas = [*_deltas(answer, "thinking_delta", "thinking", answer.reasoning), (signed, 0)]
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, deltas))
    if answer.text:
        blocks.append(({"type": "text", "text": ""}, _deltas(answer, "text_delta", "text", answer.text)))
    for call in answer.tool_calls:
        deltas = _deltas(answer, "input_json_delta", "partial_json", call.arguments)
        blocks.append((_tool_use(call.name), deltas))
    usage = _usage(conversation, answer)
    begun = {**usage, "output_tokens": 1, "output_tokens_details": None}
    yield _event("message_start", message=_message(conversation, [], begun))
    for index, (block, deltas) in enumerate(blocks):
        yield _event("content_block_start", index=index, content_block=block)
        if index == 0:
            yield _event("ping")
        for delta, tokens in deltas:
            yield _event("content_block_delta", tokens, index=index, delta=delta)
        yield _event("content_block_stop", index=index)
    yield _event("message_delta", delta=_stop(answer), usage=usage)
    yield _event("message_stop")


def _deltas(answer: Answer, kind: str, member: str, text: str) -> list[tuple[Json, int]]:
    """Deltas of a block with the tokens of each."""
    return [({"type": kind, member: piece}, tokens) for piece, tokens in answer.pieces(text)]


def _event(name: str, tokens: int = 0, **fields: object) -> Event:
    return Event(server_sent_event({"type": name, **fields}, name), tokens)


def error(failure: Failure) -> Json:
    """The body of an error in Anthropic's shape."""
    usual_type = "api_error" if failure.status >= 500 else "invalid_request_error"  # noqa: PLR2004 - HTTP's own line
    error_type = failure.type or _ERROR_TYPES.get(failure.status, usual_type)
    return {
        "type": "error",
        "error": {"type": error_type, "message": failure.message},
        "request_id": new_id("req_"),
    }


def _error_event(failure: Failure, _events_before: int) -> bytes:
    return server_sent_event(error(failure), "error")


MESSAGES = Api(
    read=read,
    whole=whole,
    events=events,
    error=error,
    error_event=_error_event,
    request_id_header="request-id",
)
