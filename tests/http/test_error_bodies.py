from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inferspect.http.error_bodies import CODES, LONGEST_MESSAGE, ApiError, api_error_from, body_for

KEY = "sk-abcdefghijklmnop1234"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["error", "detail", "message", "msg", "code", "type", "param", "loc", "other"]), inner
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("status", "body", "code", "message"),
    [
        (400, {"error": {"message": "Bad", "type": None, "param": "None", "code": "400"}}, "invalid_request", "Bad"),
        (400, {"error": {"message": "B", "code": "context_length_exceeded"}}, "context_length_exceeded", "B"),
        (429, {"error": {"message": "Over", "type": "budget_exceeded", "code": "429"}}, "budget_exceeded", "Over"),
        (401, {"error": {"message": "No", "type": "token_not_found_in_db", "code": "401"}}, "invalid_api_key", "No"),
        (403, {"error": {"message": "M", "type": "key_model_access_denied"}}, "model_not_allowed", "M"),
        (404, {"detail": "Not Found"}, "not_found", "Not Found"),
        (405, {"detail": "Method Not Allowed"}, "method_not_allowed", "Method Not Allowed"),
        (400, {"detail": {"error": "Nested text"}}, "invalid_request", "Nested text"),
        (400, {"detail": {"error": {"message": "Nested", "code": "own_code"}}}, "own_code", "Nested"),
        (400, {"error": "Only text"}, "invalid_request", "Only text"),
        (422, {"detail": [{"loc": ["body", "n"], "msg": "missing"}]}, "invalid_request", "body.n: missing"),
        (
            422,
            {"detail": [{"loc": ["body"], "msg": "Input should be a valid dictionary", "type": "dict_type"}]},
            "invalid_request",
            "body: Send a JSON object, with the header `Content-Type: application/json`.",
        ),
        (422, {"detail": [{"loc": 7, "msg": "odd"}]}, "invalid_request", "odd"),
        (500, "Internal Server Error", "internal_error", "Internal Server Error"),
        (503, "", "unavailable", "Unavailable"),
        (500, None, "internal_error", "Internal error"),
        (418, {}, "invalid_request", ""),
        (599, {}, "internal_error", "Internal error"),
        (500, {"error": {"message": ""}}, "internal_error", "Internal error"),
    ],
)
def test_every_shape_of_litellm_and_fastapi_is_read(status: int, body: Any, code: str, message: str) -> None:
    """Whoever made the error, its message and a stable code are found."""
    error = api_error_from(status, body)
    assert (error.status, error.code) == (status, code)
    assert error.message.startswith(message)


@given(st.integers(400, 599), JSON, st.sampled_from(["/v1/chat/completions", "/v1/messages"]))
def test_no_body_is_too_odd(status: int, body: Any, path: str) -> None:
    """Whatever JSON is received, the answer has the shape of the API, a message and a code, and can be sent."""
    error = api_error_from(status, body)
    sent = json.loads(json.dumps(body_for(path, error, "r")))
    assert sent["error"]["message"]
    assert isinstance(sent["error"]["code"], str)
    assert 0 < len(error.message) <= LONGEST_MESSAGE


@pytest.mark.parametrize(
    "message",
    [
        f"Incorrect API key provided: {KEY}",
        f"request failed\n{KEY}",
        f"headers: Authorization: Bearer {KEY[3:]}",
        "cannot reach postgresql://gateway:secret-password@127.0.0.1/db",
    ],
)
def test_no_secret_is_told_to_a_client(message: str) -> None:
    """A provider or a library may have put one into its message."""
    told = api_error_from(401, {"error": {"message": message, "code": KEY, "param": KEY}})
    for secret in (KEY, KEY[3:], "secret-password"):
        assert secret not in str(body_for("/v1/messages", told, None)) + str(body_for("/v1/x", told, None))


def test_a_traceback_is_not_told() -> None:
    """What comes before it is; nothing else."""
    text = "It failed.\nTraceback (most recent call last):\n  File '/srv/app.py'"
    assert api_error_from(500, {"error": {"message": text}}).message == "It failed."
    assert "srv" not in api_error_from(500, text[10:]).message


@pytest.mark.parametrize("code", ["a b", "x" * 500, "<html>", 'quote"'])
def test_a_code_is_a_short_identifier_or_that_of_the_status(code: str) -> None:
    """Clients compare codes; text of a provider's is none."""
    assert api_error_from(429, {"error": {"message": "m", "code": code}}).code == CODES[429]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/v1/chat/completions", 400, "invalid_request_error"),
        ("/v1/chat/completions", 401, "authentication_error"),
        ("/v1/chat/completions", 429, "rate_limit_error"),
        ("/v1/chat/completions", 500, "api_error"),
        ("/v1/chat/completions", 418, "invalid_request_error"),
        ("/v1/messages", 413, "request_too_large"),
        ("/anthropic/v1/messages", 529, "overloaded_error"),
        ("/v1/messages/count_tokens", 404, "not_found_error"),
        ("/v1/messages", 500, "api_error"),
    ],
)
def test_each_api_has_its_own_shape(path: str, status: int, kind: str) -> None:
    """Anthropic's has an outer type and the request id; OpenAI's has param."""
    body = body_for(path, ApiError(status, "some_code", "Message.", "field"), "req-1")
    assert body["error"]["type"] == kind
    assert body["error"]["code"] == "some_code"
    if "messages" in path:
        assert (body["type"], body["request_id"]) == ("error", "req-1")
    else:
        assert set(body) == {"error"}
        assert body["error"]["param"] == "field"
