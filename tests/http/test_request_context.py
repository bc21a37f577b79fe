from __future__ import annotations

import asyncio
import uuid
from ipaddress import ip_network

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from inferspect.context import current
from inferspect.http.request_context import RequestContextMiddleware

from .conftest import Client


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what the context and LiteLLM would see."""
    context = current()
    assert context is not None
    request = Request(scope, receive)
    await asyncio.sleep(0.001)
    body = {
        "id": context.request_id,
        "call_id": request.headers.getlist("x-litellm-call-id"),
        "told": context.client_request_id,
        "address": context.client_address,
        "route": context.route,
        "method": context.method,
        "same": current() is context,
    }
    await JSONResponse(body, headers={"x-request-id": "of the app", "x-other": "kept"})(scope, receive, send)


async def test_a_request_has_one_id_for_client_litellm_and_event(client: Client) -> None:
    """What the client sends as id is a note; LiteLLM's call id cannot be forged."""
    headers = {"x-request-id": "mine", "x-litellm-call-id": "forged"}
    answer = await client(RequestContextMiddleware(app)).post("/v1/chat/completions?key=1", headers=headers)
    seen = answer.json()
    assert uuid.UUID(seen["id"])
    assert answer.headers.get_list("x-request-id") == [seen["id"]] == seen["call_id"]
    assert (seen["told"], seen["route"], seen["method"]) == ("mine", "/v1/chat/completions", "POST")
    assert answer.headers["x-other"] == "kept"
    assert current() is None


async def test_a_long_client_id_is_cut(client: Client) -> None:
    """A note of 200 characters is enough."""
    answer = await client(RequestContextMiddleware(app)).get("/", headers={"x-request-id": "x" * 5000})
    assert answer.json()["told"] == "x" * 200


async def test_requests_at_once_have_contexts_of_their_own(client: Client) -> None:
    """No id is seen twice, and none changes under way."""
    caller = client(RequestContextMiddleware(app))
    answers = [answer.json() for answer in await asyncio.gather(*(caller.get("/") for _ in range(50)))]
    assert len({answer["id"] for answer in answers}) == 50
    assert all(answer["same"] for answer in answers)


async def test_a_trusted_proxy_is_believed(client: Client) -> None:
    """The address that rules and events see is the client's."""
    middleware = RequestContextMiddleware(app, (ip_network("192.0.2.0/24"),))
    answer = await client(middleware).get("/", headers={"x-forwarded-for": "198.51.100.7"})
    assert answer.json()["address"] == "198.51.100.7"


@pytest.mark.parametrize("kind", ["lifespan", "websocket"])
async def test_what_is_no_http_request_passes(kind: str) -> None:
    """It has no context."""
    seen = []

    async def inner(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append((scope["type"], current()))

    await RequestContextMiddleware(inner)({"type": kind}, None, None)  # type: ignore[arg-type]
    assert seen == [(kind, None)]


async def test_the_context_ends_with_the_request_also_when_it_fails() -> None:
    """An exception leaves no context behind for the next request of the connection."""

    async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError("failed")

    with pytest.raises(ValueError, match="failed"):
        await RequestContextMiddleware(failing)(
            {"type": "http", "path": "/", "method": "GET", "headers": [], "client": None},
            None,  # type: ignore[arg-type]
            None,  # type: ignore[arg-type]
        )
    assert current() is None
