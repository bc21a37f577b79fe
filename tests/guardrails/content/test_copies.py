"""What LiteLLM keeps beside the objects that hooks get is brought to their state."""

from types import SimpleNamespace
from typing import Any

import pytest
from litellm.types.utils import TranscriptionResponse

from guardrails.content import request_texts
from guardrails.content.copies import (
    WITHHELD,
    let_hooks_see_answer,
    refresh_request_copies,
    withhold_request,
    withhold_response,
)

EMAIL = "ada@example.com"


def request() -> dict[str, Any]:
    """A request as LiteLLM hands it to hooks: the client's metadata are there three times."""
    details: dict[str, Any] = {}
    logging = SimpleNamespace(
        model_call_details=details,
        defer_async_logging=False,
        update_messages=lambda messages: details.update(messages=messages),
    )
    body = {"messages": [{"role": "user", "content": EMAIL}], "user": EMAIL, EMAIL: 1, "metadata": {"note": EMAIL}}
    return {
        "messages": [{"role": "user", "content": EMAIL}],
        "user": EMAIL,
        EMAIL: 1,
        "metadata": {"note": EMAIL, "requester_metadata": {"note": EMAIL}, "user_api_key": "stays"},
        "proxy_server_request": {"body": body},
        "litellm_logging_obj": logging,
    }


def mask(data: dict[str, Any]) -> None:
    for text in list(request_texts(data)):
        if text is not None:
            text.set(text.get().replace(EMAIL, "<EMAIL_ADDRESS>"))


def test_no_copy_keeps_what_was_masked_in_a_request() -> None:
    """The body as it came, the logged messages and the client's metadata are masked too."""
    data = request()
    mask(data)
    refresh_request_copies(data)
    assert EMAIL not in str(data)
    assert EMAIL not in str(data["litellm_logging_obj"].model_call_details)
    assert data["metadata"]["user_api_key"] == "stays"
    assert data["proxy_server_request"]["body"]["user"] == "<EMAIL_ADDRESS>"


def test_a_withheld_request_keeps_no_content() -> None:
    """All fields that hold content go, and the copies with them."""
    data = request()
    withhold_request(data)
    assert EMAIL not in str(data)
    assert data["messages"] == [{"role": "user", "content": WITHHELD}]


def test_a_withheld_answer_keeps_no_content_and_is_not_cached() -> None:
    """Its texts go, and what spells them out."""
    answer = TranscriptionResponse(text=EMAIL)
    answer["words"] = [{"word": EMAIL}]
    data: dict[str, Any] = {}
    withhold_response(data, answer)
    assert EMAIL not in answer.model_dump_json()
    assert data["cache"] == {"no-store": True}


@pytest.mark.parametrize(("call_type", "deferred"), [("aget_responses", True), ("acompletion", False)])
def test_stored_answers_are_logged_after_the_hooks(call_type: str, deferred: bool) -> None:
    """No hook sees them before they are logged, unless logging waits."""
    data = request()
    let_hooks_see_answer(data, call_type)
    assert data["litellm_logging_obj"].defer_async_logging is deferred
    let_hooks_see_answer({}, call_type)


@pytest.mark.parametrize(
    ("call_type", "streamed"), [("transcription", False), ("rerank", False), ("acompletion", True)]
)
def test_what_is_never_streamed_does_not_look_like_it(call_type: str, streamed: bool) -> None:
    """LiteLLM hands such an answer over as a whole, whatever was asked for."""
    data: dict[str, Any] = {"stream": "true"}
    let_hooks_see_answer(data, call_type)
    assert ("stream" in data) is streamed
