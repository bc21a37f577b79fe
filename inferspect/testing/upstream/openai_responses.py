"""OpenAI's responses: `POST /v1/responses`. Nothing is stored, so `previous_response_id` is only repeated."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .api import Api, openai_error
from .conversation import Conversation, Failure, Json, Tool, estimate_tokens, new_id, server_sent_event
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
    text_of,
    tool,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conversation import Answer, ToolCall

_REPEATED_FIELDS: Json = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "service_tier": "default",
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}


def read(request: Json) -> Conversation:
    """The conversation in a request's body.

    Raises:
        InvalidRequestError: The API would refuse it.
    """
    items = _items(request)
    instructions = text_of(request.get("instructions"))
    characters = len(instructions)
    told = Told()
    told.add("system", instructions)
    for item in items:
        text = text_of(item.get("content")) or text_of(item.get("output"))
        arguments = item.get("arguments")
        characters += len(text) + (len(arguments) if isinstance(arguments, str) else 0)
        told.add(item.get("role"), text)
    functions = (given for given in object_list(request, "tools") if given.get("type") == "function")
    tools = tuple(tool(function, "parameters") for function in functions)
    tool_choice, named_tool = _tool_choice(request, tools)
    return Conversation(
        model=request["model"],
        request=request,
        last_user_message=told.last_user_message,
        system=told.system,
        history=told.history,
        prompt_tokens=estimate_tokens(characters),
        ends_with_tool_result=items[-1].get("type") == "function_call_output",
        stream=bool(request.get("stream")),
        maximum_tokens=positive_integer(request, "max_output_tokens"),
        tools=tools,
        tool_choice=tool_choice,
        named_tool=named_tool,
        answer_schema=_answer_schema(request),
    )


def _items(request: Json) -> list[Json]:
    if isinstance(request.get("input"), list):
        return message_list(request, "input")
    if not isinstance(request.get("input"), str):
        raise InvalidRequestError("'input' must be a string or a list of items.", "input")
    return [{"role": "user", "content": request["input"]}]


def _tool_choice(request: Json, tools: tuple[Tool, ...]) -> tuple[str, str | None]:
    choice = request.get("tool_choice") or "auto"
    return named_choice(choice.get("name"), tools) if isinstance(choice, dict) else plain_choice(choice, tools)


def _answer_schema(request: Json) -> Json | None:
    answer_format = object_at(object_at(request, "text"), "format")
    if answer_format.get("type") == "json_schema":
        return object_at(answer_format, "schema")
    return {} if answer_format.get("type") == "json_object" else None


def whole(conversation: Conversation, answer: Answer) -> Json:
    """The body of an answer that is not streamed."""
    items = [_reasoning(new_id("rs_"), [_summary(answer.reasoning)])] if answer.reasoning else []
    items += [_message(new_id("msg_"), answer.text, _status(answer))] if _has_message(answer) else []
    calls = [_call(new_id("fc_"), new_id("call_"), call, call.arguments, "completed") for call in answer.tool_calls]
    return _finished(_envelope(conversation), conversation, answer, items + calls)


def _has_message(answer: Answer) -> bool:
    return bool(answer.text) or not answer.tool_calls


def _reasoning(item_id: str, summary: list[Json]) -> Json:
    return {"id": item_id, "type": "reasoning", "summary": summary}


def _summary(text: str) -> Json:
    return {"type": "summary_text", "text": text}


def _status(answer: Answer) -> str:
    return "incomplete" if answer.finish == "length" else "completed"


def _envelope(conversation: Conversation) -> Json:
    asked = conversation.request
    repeated = {name: usual if asked.get(name) is None else asked[name] for name, usual in _REPEATED_FIELDS.items()}
    return {
        "id": new_id("resp_"),
        "object": "response",
        "created_at": int(time.time()),
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": conversation.model,
        "output": [],
        "usage": None,
        **repeated,
    }


def _finished(envelope: Json, conversation: Conversation, answer: Answer, output: list[Json]) -> Json:
    further = answer.further_tokens
    input_tokens = conversation.prompt_tokens + further.input
    return {
        **envelope,
        "status": _status(answer),
        "incomplete_details": {"reason": "max_output_tokens"} if answer.finish == "length" else None,
        "output": output,
        "usage": {
            "input_tokens": input_tokens,
            "input_tokens_details": {
                "cached_tokens": further.cached,
                "cache_write_tokens": further.cache_creation,
            },
            "output_tokens": answer.output_tokens,
            "output_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
            "total_tokens": input_tokens + answer.output_tokens,
        },
    }


def _message(item_id: str, text: str, status: str) -> Json:
    return {"id": item_id, "type": "message", "status": status, "role": "assistant", "content": [_text(text)]}


def _text(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _call(item_id: str, call_id: str, call: ToolCall, arguments: str, status: str) -> Json:
    return {
        "id": item_id,
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": call.name,
        "arguments": arguments,
    }


def events(conversation: Conversation, answer: Answer) -> Iterator[Event]:
    """The events of a streamed answer, numbered in their order."""
    envelope = _envelope(conversation)
    output: list[Json] = []
    untold = [("response.created", {"response": envelope}, 0), ("response.in_progress", {"response": envelope}, 0)]
    number = 0
    for name, fields, tokens in (*untold, *_reasoning_events(answer, output), *_message_events(answer, output)):
        yield _event(name, fields, number, tokens)
        number += 1
    for call in answer.tool_calls:
        for name, fields, tokens in _call_events(answer, call, output):
            yield _event(name, fields, number, tokens)
            number += 1
    response = _finished(envelope, conversation, answer, output)
    yield _event(f"response.{_status(answer)}", {"response": response}, number, 0)


def _event(name: str, fields: Json, number: int, tokens: int) -> Event:
    return Event(server_sent_event({"type": name, "sequence_number": number, **fields}, name), tokens)


def _reasoning_events(answer: Answer, output: list[Json]) -> Iterator[tuple[str, Json, int]]:
    """As `_message_events`, for the summary of the reasoning."""
    if not answer.reasoning:
        return
    index, item_id = len(output), new_id("rs_")
    place = {"item_id": item_id, "output_index": index, "summary_index": 0}
    item = _reasoning(item_id, [_summary(answer.reasoning)])
    yield "response.output_item.added", {"output_index": index, "item": _reasoning(item_id, [])}, 0
    yield "response.reasoning_summary_part.added", {**place, "part": _summary("")}, 0
    for piece, tokens in answer.pieces(answer.reasoning):
        yield "response.reasoning_summary_text.delta", {**place, "delta": piece}, tokens
    yield "response.reasoning_summary_text.done", {**place, "text": answer.reasoning}, 0
    yield "response.reasoning_summary_part.done", {**place, "part": _summary(answer.reasoning)}, 0
    yield "response.output_item.done", {"output_index": index, "item": item}, 0
    output.append(item)


def _message_events(answer: Answer, output: list[Json]) -> Iterator[tuple[str, Json, int]]:
    """Name, fields and tokens of each event about the message, which is then appended to `output`."""
    if not _has_message(answer):
        return
    index, item_id = len(output), new_id("msg_")
    place = {"item_id": item_id, "output_index": index, "content_index": 0}
    message = _message(item_id, answer.text, _status(answer))
    started = {**message, "status": "in_progress", "content": []}
    yield "response.output_item.added", {"output_index": index, "item": started}, 0
    yield "response.content_part.added", {**place, "part": _text("")}, 0
    for piece, tokens in answer.pieces(answer.text):
        yield "response.output_text.delta", {**place, "delta": piece, "logprobs": []}, tokens
    yield "response.output_text.done", {**place, "text": answer.text, "logprobs": []}, 0
    yield "response.content_part.done", {**place, "part": _text(answer.text)}, 0
    yield "response.output_item.done", {"output_index": index, "item": message}, 0
    output.append(message)


def _call_events(answer: Answer, call: ToolCall, output: list[Json]) -> Iterator[tuple[str, Json, int]]:
    """As `_message_events`, for a call of a function."""
    index, item_id, call_id = len(output), new_id("fc_"), new_id("call_")
    place = {"item_id": item_id, "output_index": index}
    started = _call(item_id, call_id, call, "", "in_progress")
    yield "response.output_item.added", {"output_index": index, "item": started}, 0
    for piece, tokens in answer.pieces(call.arguments):
        yield "response.function_call_arguments.delta", {**place, "delta": piece}, tokens
    done = {**place, "name": call.name, "arguments": call.arguments}
    yield "response.function_call_arguments.done", done, 0
    item = _call(item_id, call_id, call, call.arguments, "completed")
    yield "response.output_item.done", {"output_index": index, "item": item}, 0
    output.append(item)


def _error_event(failure: Failure, events_before: int) -> bytes:
    error = openai_error(failure)["error"]
    fields = {"code": error["code"] or error["type"], "message": failure.message, "param": failure.parameter}
    return server_sent_event({"type": "error", "sequence_number": events_before, **fields}, "error")


RESPONSES = Api(
    read=read,
    whole=whole,
    events=events,
    error=openai_error,
    error_event=_error_event,
    request_id_header="x-request-id",
)
