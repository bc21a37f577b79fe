"""How LiteLLM writes the refusal of a stream on each API."""

from __future__ import annotations

import json

import pytest
from fastapi import HTTPException
from litellm.anthropic_interface.exceptions.exception_mapping_utils import anthropic_error_sse_frame
from litellm.proxy._types import ProxyException
from litellm.proxy.common_utils.openai_error_payload import error_status_code
from litellm.proxy.common_utils.responses_stream_errors import ResponsesStreamErrorState

from guardrails.streams import StreamRefused
from inferspect.refusal import Refusal

MESSAGE = "The answer holds personal data that this tenant does not allow: EMAIL_ADDRESS."


def refused(status: int, *, with_code: bool) -> StreamRefused:
    return StreamRefused(Refusal(status, "pii_blocked", MESSAGE), with_code=with_code)


@pytest.mark.parametrize(("status", "kind"), [(400, "invalid_request_error"), (500, "api_error")])
def test_chat_completions_and_gemini_have_an_error_with_the_stable_code(status: int, kind: str) -> None:
    """LiteLLM's chat generator reads these attributes, and writes the status where the code belongs."""
    error = refused(status, with_code=True)
    shown = ProxyException(message=error.message, type=error.type, param=error.param, code=error.status_code)
    assert shown.to_dict() == {"message": MESSAGE, "type": kind, "param": None, "code": "pii_blocked"}
    assert error.status_code == status


def test_the_responses_api_has_a_failed_response() -> None:
    """With the stable code and no output."""
    frame = ResponsesStreamErrorState().format_failure(refused(400, with_code=True))
    assert frame is not None
    name, _, data = frame.partition("\ndata: ")
    event = json.loads(data)
    assert name == "event: response.failed"
    assert event["response"]["error"] == {"code": "pii_blocked", "message": MESSAGE}
    assert event["response"]["output"] == []


@pytest.mark.parametrize(("status", "kind"), [(400, "invalid_request_error"), (500, "api_error")])
def test_anthropic_has_an_error_event_by_the_status(status: int, kind: str) -> None:
    """Its errors have a type and no code."""
    error = refused(status, with_code=False)
    shown = ProxyException(message=error.message, type=error.type, param=error.param, code=error.status_code)
    frame = str(anthropic_error_sse_frame(status_code=error_status_code(shown, 500), raw_message=shown.message))
    assert frame.startswith("event: error\n")
    assert json.loads(frame.partition("data: ")[2])["error"] == {"type": kind, "message": MESSAGE}


def test_it_is_no_http_exception() -> None:
    """LiteLLM cuts the connection on one, without a word."""
    assert not isinstance(refused(400, with_code=False), HTTPException)
