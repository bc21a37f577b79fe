from __future__ import annotations

import gzip
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from inferspect.context import current
from inferspect.http.error_shape import ErrorShapeMiddleware
from inferspect.http.request_context import RequestContextMiddleware
from inferspect.refusal import Refusal

from .conftest import Client

CHAT, MESSAGES, OTHER = "/v1/chat/completions", "/v1/messages", "/team/new"


def shaped(app: ASGIApp) -> ASGIApp:
    return RequestContextMiddleware(ErrorShapeMiddleware(app, is_model_route=lambda path: path.startswith("/v1/")))


def answering(response: Response) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["endpoint"] = answering  # as the router does where it knows the path
        await response(scope, receive, send)

    return app


def raising(error: BaseException) -> ASGIApp:
    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise error

    return app


@pytest.mark.parametrize(
    "response",
    [
        JSONResponse({"detail": "Not allowed"}, 403, {"x-kept": "1"}),
        JSONResponse({"error": {"message": "Not allowed", "code": "403"}}, 403, {"x-kept": "1"}),
        PlainTextResponse("Not allowed", 403, {"x-kept": "1"}),
        Response(
            gzip.compress(b'{"detail": "Not allowed"}'),
            403,
            {"x-kept": "1", "content-encoding": "gzip"},
            "application/json",
        ),
    ],
)
async def test_an_error_of_a_model_route_gets_the_shape_of_its_api(client: Client, response: Response) -> None:
    """Its status and other headers stay; length and encoding fit the new body."""
    answer = await client(shaped(answering(response))).post(CHAT)
    assert answer.status_code == 403
    assert answer.json() == {
        "error": {"message": "Not allowed.", "type": "permission_error", "param": None, "code": "permission_denied"}
    }
    assert answer.headers["x-kept"] == "1"
    assert int(answer.headers["content-length"]) == len(answer.content)
    answer = await client(shaped(answering(response))).post(MESSAGES)
    assert answer.json()["type"] == "error"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("path", "response"),
    [
        (CHAT, JSONResponse({"ok": True})),
        (CHAT, StreamingResponse(iter([b"data: 1\n\n", b"data: [DONE]\n\n"]), media_type="text/event-stream")),
        (CHAT, StreamingResponse(iter([b"data: e\n\n"]), 500, media_type="text/event-stream")),
        (CHAT, Response(b"<b>no</b>", 502, media_type="text/html")),
        (OTHER, JSONResponse({"detail": "LiteLLM's own"}, 400)),
    ],
)
async def test_other_answers_pass_untouched(client: Client, path: str, response: Response) -> None:
    """Successes, streams, pages, and errors of routes with a shape of their own."""
    plain = await client(answering(response)).post(path)
    if isinstance(response, StreamingResponse):
        response.body_iterator = StreamingResponse(iter([plain.content])).body_iterator
    answer = await client(shaped(answering(response))).post(path)
    assert (answer.status_code, answer.content) == (plain.status_code, plain.content)
    assert answer.headers["content-type"] == plain.headers["content-type"]


@pytest.mark.parametrize("path", ["/api/v1/guardrails/preview", "/inferspect/metrics"])
async def test_an_error_of_a_route_of_our_own_has_openais_shape(client: Client, path: str) -> None:
    """As LiteLLM and FastAPI answer for it: a refusal, a field that is wrong, a key that is."""
    told = Refusal(403, "not_tenant_admin", "This needs another key.", "tenant_id")
    answer = await client(shaped(answering(JSONResponse({"detail": told.detail}, 403)))).post(path)
    assert answer.json()["error"] == {
        "message": "This needs another key.",
        "type": "permission_error",
        "param": "tenant_id",
        "code": "not_tenant_admin",
    }
    wrong = {"detail": [{"loc": ["body", "text"], "msg": "Field required", "type": "missing"}]}
    answer = await client(shaped(answering(JSONResponse(wrong, 422)))).post(path)
    assert answer.json()["error"]["code"] == "invalid_request"
    assert "body.text" in answer.json()["error"]["message"]
    answer = await client(shaped(answering(JSONResponse({"error": {"message": "no", "code": "401"}}, 401)))).post(path)
    assert answer.json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize("path", [CHAT, OTHER])
async def test_a_refusal_that_is_raised_is_the_answer(client: Client, path: str) -> None:
    """With its status, code, message and parameter."""
    answer = await client(shaped(raising(Refusal(429, "quota_exceeded", "Too much.", "model")))).post(path)
    assert answer.status_code == 429
    assert answer.json()["error"] == {
        "message": "Too much.",
        "type": "rate_limit_error",
        "param": "model",
        "code": "quota_exceeded",
    }


async def test_a_refusal_that_litellm_reworded_keeps_its_code(client: Client) -> None:
    """LiteLLM turns any exception of a hook into an error of its own; the context knows what it was."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        context = current()
        assert context is not None
        context.refuse(Refusal(403, "model_not_allowed", "Not this one."))
        await JSONResponse({"error": {"message": "wrapped", "code": "500"}}, 500)(scope, receive, send)

    answer = await client(shaped(app)).post(CHAT)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "model_not_allowed")


async def test_a_refusal_of_an_outer_middleware_never_reaches_the_application(client: Client) -> None:
    """The spool is full: nothing is looked up or spent."""
    reached = []

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        reached.append(True)

    inner = ErrorShapeMiddleware(app, is_model_route=lambda _path: True)

    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:
        context = current()
        assert context is not None
        context.refuse(Refusal(503, "event_spool_unavailable", "Later."))
        await inner(scope, receive, send)

    answer = await client(RequestContextMiddleware(refusing)).post(CHAT)
    assert (answer.status_code, answer.json()["error"]["code"], reached) == (503, "event_spool_unavailable", [])


@pytest.mark.parametrize("error", [ValueError("secret sk-abcdefghijklmnop"), KeyError("x"), HTTPException(418, "odd")])
async def test_an_exception_is_a_500_that_tells_nothing(client: Client, error: Exception) -> None:
    """The message may hold anything, so the client gets none of it."""
    answer = await client(shaped(raising(error))).post(CHAT)
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal_error"
    assert "sk-" not in answer.text


async def test_an_exception_after_the_answer_began_ends_the_connection() -> None:
    """The client must not take half an answer for a whole one."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def failing(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise ValueError("late")

    scope = {"type": "http", "path": CHAT, "method": "POST", "headers": [], "client": None}

    with pytest.raises(ValueError, match="late"):
        await shaped(failing)(scope, None, send)  # type: ignore[arg-type]
    assert [message["type"] for message in sent].count("http.response.start") == 1


async def test_an_endless_error_body_is_cut(client: Client) -> None:
    """Memory is bounded while an error is held."""
    pieces = (b"x" * 65536 for _ in range(64))
    response = StreamingResponse(pieces, 500, media_type="text/plain")
    answer = await client(shaped(answering(response))).post(CHAT)
    assert answer.status_code == 500
    assert len(answer.content) < 3000


async def test_the_event_learns_the_code(client: Client) -> None:
    """What the client was told is what is recorded."""
    codes = []

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        await ErrorShapeMiddleware(answering(JSONResponse({}, 429)), lambda _path: True)(scope, receive, send)
        context = current()
        assert context is not None
        codes.append(context.error_code)

    await client(RequestContextMiddleware(outer)).post(CHAT)
    assert codes == ["rate_limit_exceeded"]
