from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from inferspect.context import current
from inferspect.events.event import GatewayEvent
from inferspect.events.recorder import EventRecorder
from inferspect.events.spool import Spool
from inferspect.http.error_shape import ErrorShapeMiddleware
from inferspect.http.recording import RecordingMiddleware
from inferspect.http.request_context import RequestContextMiddleware
from inferspect.settings import EventSettings

from .conftest import Client, Serve

CHAT = "/v1/chat/completions"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path)
    yield opened
    opened.close()


def recorded(app: ASGIApp, spool: Spool, max_bytes: int = 10**9) -> ASGIApp:
    def is_model_route(path: str) -> bool:
        return path.startswith("/v1/")

    recorder = EventRecorder(spool, EventSettings(max_spool_bytes=max_bytes))
    inner = ErrorShapeMiddleware(app, is_model_route)
    return RequestContextMiddleware(RecordingMiddleware(inner, recorder, is_model_route))


async def events(spool: Spool) -> list[GatewayEvent]:
    return [GatewayEvent.from_json(spooled.body) for spooled in await spool.ripe(100, 10**12)]


async def succeed(scope: Scope, receive: Receive, send: Send) -> None:
    context = current()
    assert context is not None
    context.settled = True
    await JSONResponse({})(scope, receive, send)


async def test_the_event_is_on_disk_before_the_answer_leaves(spool: Spool) -> None:
    """A process that is killed while it answers has recorded the request."""
    seen: list[int] = []

    async def send(message: object) -> None:
        seen.append(await spool.depth())

    scope = {"type": "http", "path": CHAT, "method": "POST", "headers": [], "client": ("192.0.2.1", 1)}
    await recorded(succeed, spool)(scope, None, send)  # type: ignore[arg-type]
    assert seen == [1, 1]
    (event,) = await events(spool)
    assert (event.result, event.status, event.complete, event.client_address) == ("success", 200, True, "192.0.2.1")


async def test_an_answer_lets_nothing_go_before_it(spool: Spool) -> None:
    """LiteLLM begins its bookkeeping when it has the answer; the client shall not wait for that."""
    sent, before = [], []

    async def send(message: object) -> None:
        sent.append(message)

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        asyncio.get_running_loop().call_soon(before.append, "bookkeeping")
        await succeed(scope, receive, send)
        assert (len(sent), before) == (2, [])

    scope = {"type": "http", "path": CHAT, "method": "POST", "headers": [], "client": ("192.0.2.1", 1)}
    await recorded(answer, spool)(scope, None, send)  # type: ignore[arg-type]
    (event,) = await events(spool)
    assert event.status == 200


async def test_an_error_is_recorded_as_complete_with_its_code(client: Client, spool: Spool) -> None:
    """Nothing follows an error, so its event does not wait."""

    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse({"detail": "no"}, 404)(scope, receive, send)

    await client(recorded(fail, spool)).post(CHAT)
    (event,) = await events(spool)
    assert (event.result, event.status, event.code, event.complete) == ("failure", 404, "not_found", True)


async def test_an_exception_is_recorded_as_failure(client: Client, spool: Spool) -> None:
    """The client got 500, and so says the event."""

    async def fail(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ValueError

    await client(recorded(fail, spool)).post(CHAT)
    (event,) = await events(spool)
    assert (event.result, event.status) == ("failure", 500)


@pytest.mark.parametrize(("method", "path"), [("GET", CHAT), ("GET", "/v1/models"), ("POST", "/team/new")])
async def test_only_calls_of_models_are_events(client: Client, spool: Spool, method: str, path: str) -> None:
    """Lists and administration are not."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await JSONResponse({})(scope, receive, send)

    await client(recorded(app, spool)).request(method, path)
    assert await events(spool) == []


@pytest.mark.parametrize("path", ["/v1/responses/resp_1", "/v1/responses/resp_1/", "/v1/responses/resp_1/input_items"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_who_asks_for_an_answer_that_a_provider_keeps_is_an_event(
    client: Client, spool: Spool, method: str, path: str
) -> None:
    """It shows or deletes content."""
    await client(recorded(succeed, spool)).request(method, path)
    (event,) = await events(spool)
    assert (event.method, event.status, event.complete) == (method, 200, True)


async def test_a_stream_is_recorded_at_its_start_and_again_at_its_end(client: Client, spool: Spool) -> None:
    """Its event waits for the cost; the second copy has the whole time."""
    depths = []

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(2):
            depths.append(await spool.depth())
            await asyncio.sleep(0.02)
            yield b"data: x\n\n"

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        context = current()
        assert context is not None
        context.stream = True
        await StreamingResponse(pieces(), media_type="text/event-stream")(scope, receive, send)

    await client(recorded(app, spool)).post(CHAT)
    (event,) = await events(spool)
    assert depths[1] == 1
    assert (event.revision, event.complete, event.result) == (2, False, "success")
    assert event.seconds_total is not None
    assert event.seconds_to_response is not None
    assert event.seconds_total >= event.seconds_to_response + 0.03


@pytest.mark.parametrize(
    ("last", "ends"),
    [
        (b"data: [DONE]\n\n", True),
        (b'data: {"type":"response.output_text.done"}\n\ndata: {"type":"response.completed","response":{}}\n\n', True),
        (b'event: response.incomplete\ndata: {"type": "response.incomplete"}\n\n', True),
        (b'event: message_stop\ndata: {"type": "message_stop"}\n\n', True),
        (b'data: {"text":"data: [DONE]"}\n\n', False),
        (b'data: {"type":"response.completed_by"}\n\n', False),
    ],
)
async def test_the_outcome_of_a_stream_is_on_disk_before_the_client_has_it(
    spool: Spool, last: bytes, ends: bool
) -> None:
    """A client takes a stream as answered at the last event of its protocol, and else at the end of the body."""

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        context = current()
        assert context is not None
        context.stream = True
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for body, more in ((b'data: {"type":"x"}\n\n', True), (last, True), (b"", False)):
            await send({"type": "http.response.body", "body": body, "more_body": more})

    seen: list[tuple[int, bool]] = []

    async def send(_message: object) -> None:
        (event,) = await events(spool)
        seen.append((event.revision, event.seconds_total is not None))

    scope = {"type": "http", "path": CHAT, "method": "POST", "headers": [], "client": None}
    await recorded(app, spool)(scope, None, send)  # type: ignore[arg-type]
    started, ended = (1, False), (2, True)
    assert seen == [started, started, ended if ends else started, ended]


async def test_a_client_that_leaves_during_a_stream_is_recorded_as_aborted(serve: Serve, spool: Spool) -> None:
    """What it got was not the whole answer; the event says so as soon as it has left."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        context = current()
        assert context is not None
        context.stream = True

        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b"data: x\n\n"
                await asyncio.sleep(0.01)

        await StreamingResponse(pieces(), media_type="text/event-stream")(scope, receive, send)

    async with serve(recorded(app, spool)) as url, httpx.AsyncClient() as caller:
        async with caller.stream("POST", f"{url}{CHAT}") as answer:
            await anext(answer.aiter_bytes())
        while (await events(spool))[0].revision < 2:
            await asyncio.sleep(0.01)
    (event,) = await events(spool)
    assert event.result == "aborted"


async def test_a_request_that_is_cancelled_before_its_answer_is_recorded(spool: Spool) -> None:
    """The worker is told to stop while a provider is still thinking: it was accepted, so it has an event."""
    thinking = asyncio.Event()

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        thinking.set()
        await asyncio.sleep(3600)

    scope = {"type": "http", "path": CHAT, "method": "POST", "headers": [], "client": None}
    serving = asyncio.create_task(recorded(app, spool)(scope, None, None))  # type: ignore[arg-type]
    await thinking.wait()
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert serving.cancelled()
    (event,) = await events(spool)
    assert (event.result, event.status) == ("failure", 0)


async def test_while_the_spool_is_full_requests_are_refused_before_they_are_read(client: Client, spool: Spool) -> None:
    """503 with its reason, and no event that could not be kept."""
    reached = []

    async def app(scope: Scope, receive: Receive, _send: Send) -> None:
        reached.append(await Request(scope, receive).body())

    caller = client(recorded(app, spool, max_bytes=1024))
    answer = await caller.post(CHAT, content=b"body")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "event_spool_unavailable")
    assert (reached, await spool.depth()) == ([], 0)
