"""OpenAI's older text completions: `POST /v1/completions`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .api import Api, openai_error, openai_error_event
from .conversation import Conversation, Json, estimate_tokens, new_id, server_sent_event
from .exchange import Event
from .openai_chat import END_OF_STREAM, finish_reason, usage
from .reading import InvalidRequestError, choice_count, object_at, positive_integer, stop_sequences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conversation import Answer


def read(request: Json) -> Conversation:
    """The conversation in a request's body. All prompts of a list get the same answer, to the last of them.

    Raises:
        InvalidRequestError: The API would refuse it.
    """
    prompts = _prompts(request.get("prompt"))
    return Conversation(
        model=request["model"],
        request=request,
        last_user_message=prompts[-1],
        prompt_tokens=estimate_tokens(sum(map(len, prompts))),
        stream=bool(request.get("stream")),
        include_usage=bool(object_at(request, "stream_options").get("include_usage")),
        choices=choice_count(request) * len(prompts),
        maximum_tokens=positive_integer(request, "max_tokens"),
        stop=stop_sequences(request, "stop"),
        tool_choice="none",
    )


def _prompts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list) and value:
        if all(isinstance(prompt, str) for prompt in value):
            return value
        if all(isinstance(token, int) for token in value):
            return [" ".join(map(str, value))]
        if all(isinstance(tokens, list) for tokens in value):
            return [" ".join(map(str, tokens)) for tokens in value]
    raise InvalidRequestError("'prompt' must be a string, a list of strings, or lists of tokens.", "prompt")


def whole(conversation: Conversation, answer: Answer) -> Json:
    """The body of an answer that is not streamed."""
    return {
        "id": new_id("cmpl-"),
        "object": "text_completion",
        "created": int(time.time()),
        "model": conversation.model,
        "choices": [_choice(index, answer.text, finish_reason(answer)) for index in range(conversation.choices)],
        "usage": usage(conversation, answer),
        "system_fingerprint": "fp_simulator",
    }


def _choice(index: int, text: str, finish: str | None) -> Json:
    return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}


def events(conversation: Conversation, answer: Answer) -> Iterator[Event]:
    """The events of a streamed answer."""
    envelope: Json = {
        "id": new_id("cmpl-"),
        "object": "text_completion",
        "created": int(time.time()),
        "model": conversation.model,
        "system_fingerprint": "fp_simulator",
        "choices": [],
    }
    if conversation.include_usage:
        envelope["usage"] = None
    for piece, tokens in answer.pieces(answer.text):
        for index in range(conversation.choices):
            yield Event(server_sent_event({**envelope, "choices": [_choice(index, piece, None)]}), tokens)
    for index in range(conversation.choices):
        yield Event(server_sent_event({**envelope, "choices": [_choice(index, "", finish_reason(answer))]}))
    if conversation.include_usage:
        yield Event(server_sent_event({**envelope, "usage": usage(conversation, answer)}))
    yield Event(END_OF_STREAM)


COMPLETIONS = Api(
    read=read,
    whole=whole,
    events=events,
    error=openai_error,
    error_event=openai_error_event,
    request_id_header="x-request-id",
)
