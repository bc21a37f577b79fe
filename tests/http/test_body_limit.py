from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from inferspect.http.body_limit import BodyLimitMiddleware
from inferspect.http.error_shape import ErrorShapeMiddleware
from inferspect.http.request_context import RequestContextMiddleware
from inferspect.settings import LimitSettings

from .conftest import Client, Serve

LIMIT = 4096
LIMITS = LimitSettings(max_json_bytes=LIMIT, max_upload_bytes=4 * LIMIT)


async def count(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


def limited(app: ASGIApp = count) -> ASGIApp:
    shaped = ErrorShapeMiddleware(BodyLimitMiddleware(app, LIMITS), is_model_route=lambda _path: True)
    return RequestContextMiddleware(shaped)


async def chunks(size: int, piece: int = 1000) -> AsyncIterator[bytes]:
    while size > 0:
        yield b"x" * min(piece, size)
        size -= piece


@pytest.mark.parametrize("size", [0, 1, LIMIT - 1, LIMIT])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_up_to_the_limit_arrives_whole(client: Client, size: int, *, chunked: bool) -> None:
    """The limit itself is allowed, announced or in chunks."""
    content = chunks(size) if chunked else b"x" * size
    answer = await client(limited()).post("/v1/chat/completions", content=content)
    assert (answer.status_code, answer.text) == (200, str(size))


@pytest.mark.parametrize("chunked", [False, True])
async def test_one_byte_more_is_refused(client: Client, *, chunked: bool) -> None:
    """413 in OpenAI's shape, with the limit in its message."""
    content = chunks(LIMIT + 1) if chunked else b"x" * (LIMIT + 1)
    answer = await client(limited()).post("/v1/chat/completions", content=content)
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "request_too_large"
    assert "4,096 bytes" in answer.json()["error"]["message"]


async def test_a_lie_about_the_length_changes_nothing(client: Client) -> None:
    """What arrives is counted, whatever content-length says."""
    headers = {"content-length": "5"}
    answer = await client(limited()).post("/v1/chat/completions", content=chunks(LIMIT + 1), headers=headers)
    assert answer.status_code == 413


@pytest.mark.parametrize("length", ["-1", "many", "²", "", "9" * 30])
async def test_a_length_that_is_no_number_is_not_believed(client: Client, length: str) -> None:
    """It ends in an answer, never in an exception."""
    headers = httpx.Headers([(b"content-length", length.encode("latin-1"))])
    request = httpx.Request("POST", "http://gateway/v1/chat/completions", content=chunks(10), headers=headers)
    answer = await client(limited()).send(request)
    assert answer.status_code in {200, 413}


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "Multipart/Form-Data; boundary=x"])
async def test_uploads_have_a_limit_of_their_own(client: Client, content_type: str) -> None:
    """Files are larger than JSON, whatever the case of the type's name."""
    caller = client(limited())
    headers = {"content-type": content_type}
    allowed = await caller.post("/v1/audio/transcriptions", content=b"x" * 4 * LIMIT, headers=headers)
    refused = await caller.post("/v1/audio/transcriptions", content=b"x" * (4 * LIMIT + 1), headers=headers)
    assert (allowed.status_code, refused.status_code) == (200, 413)


async def test_an_application_that_swallows_the_refusal_does_not_change_it(client: Client) -> None:
    """LiteLLM answers 400 to any failure to read a body; the client learns the true reason."""

    async def swallowing(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await Request(scope, receive).body()
        except Exception:  # noqa: BLE001  as LiteLLM does
            await PlainTextResponse("Invalid JSON payload", 400)(scope, receive, send)

    answer = await client(limited(swallowing)).post("/v1/chat/completions", content=chunks(LIMIT + 1))
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_client_that_is_still_sending_gets_the_answer(serve: Serve, *, chunked: bool) -> None:
    """Over a real connection, and the server serves the next request."""
    async with serve(limited()) as url, httpx.AsyncClient(base_url=url) as caller:
        size = LIMIT * 7
        content = chunks(size) if chunked else b"x" * size
        answer = await caller.post("/v1/chat/completions", content=content)
        assert answer.status_code == 413
        assert (await caller.post("/v1/chat/completions", content=b"x")).text == "1"


async def test_a_client_that_leaves_while_sending_holds_nothing(serve: Serve) -> None:
    """Its request ends when its connection does."""
    ended = asyncio.Event()

    async def noticing(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await count(scope, receive, send)
        finally:
            ended.set()

    async with serve(limited(noticing)) as url:
        _, port = url.rsplit(":", 1)
        _, writer = await asyncio.open_connection("127.0.0.1", int(port))
        writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 4000\r\n\r\nhalf")
        await writer.drain()
        writer.close()
        await ended.wait()
