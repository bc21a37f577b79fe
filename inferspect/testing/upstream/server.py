"""The HTTP/1.1 connection: a parser, keep-alive, pipelining, and replies sent at the pace they ask for."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

import httptools

from .exchange import AT_ONCE, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Callable

_WRITE_AT_ONCE_BYTES = 32 * 1024
_MAXIMUM_WAITING_REQUESTS = 256
_END_OF_CHUNKS = b"0\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}

_log = logging.getLogger(__name__)


class Connection(asyncio.Protocol):
    """One client's connection. Requests are answered in the order in which they came, one at a time."""

    def __init__(self, respond: Callable[[Request], Reply], connections: set[Connection]) -> None:
        """Answer with `respond`, and stand in `connections` while open."""
        self._respond = respond
        self._connections = connections
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        # uvloop's transports behave as asyncio's and do not inherit from them.
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)
        self._connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - both kinds of end are the same to us
        """Forget whatever was still to be sent."""
        self._connections.discard(self)
        self._waiting.clear()
        self._writable.set()
        if self._task is not None:
            self._task.cancel()

    def abort(self) -> None:
        """Drop the connection now."""
        self._transport.abort()

    def pause_writing(self) -> None:
        """The client reads more slowly than we write."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Parse; complete requests are answered from within."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse("This server does not upgrade connections.")
        except httptools.HttpParserError as error:
            self._refuse(f"This is not a valid HTTP/1.1 request: {error}")

    def _refuse(self, reason: str) -> None:
        body = reason.encode()
        if self._task is None and not self._transport.is_closing():
            self._transport.write(
                _head(Reply(status=400, content_type="text/plain"), len(body), keep_alive=False) + body
            )
        self._transport.close()

    # What httptools calls while it parses.

    def on_message_begin(self) -> None:
        """A request starts."""
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    def on_url(self, part: bytes) -> None:
        """A part of the target; long ones come in several."""
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; trailers of a chunked body come here too."""
        self._headers.append((name, value))
        if name.lower() == b"expect" and value.lower() == b"100-continue" and self._task is None:
            self._transport.write(_CONTINUE)

    def on_body(self, part: bytes) -> None:
        """A part of the body, already without chunk borders."""
        self._body.append(part)

    def on_message_complete(self) -> None:
        """Answer the request, or let it wait for its predecessors."""
        if self._parser.should_upgrade():
            return
        request = Request(
            self._parser.get_method().decode(),
            self._target.decode("latin-1"),
            tuple(self._headers),
            b"".join(self._body),
            self._parser.should_keep_alive(),
            self._parser.get_http_version() != "1.0",
        )
        if self._task is None:
            self._answer(request)
            return
        self._waiting.append(request)
        if len(self._waiting) >= _MAXIMUM_WAITING_REQUESTS:
            self._transport.pause_reading()

    # Answering.

    def _answer(self, request: Request) -> None:
        try:
            reply = self._respond(request)
        except Exception:  # noqa: BLE001 - a defect must reach the user as an answer, not as a silent connection
            _log.exception("The upstream simulator failed on %s %s", request.method, request.target)
            reply = Reply(
                status=500, body=b'{"error": {"message": "The upstream simulator itself failed; see its log."}}'
            )
        if reply.events is None and reply.pace is AT_ONCE and self._writable.is_set():
            self._write_whole(reply, request)
            return
        self._task = asyncio.get_running_loop().create_task(self._answer_slowly(reply, request))

    async def _answer_slowly(self, reply: Reply, request: Request) -> None:
        try:
            await self._writable.wait()
            await self._send(reply, request)
        except Exception:  # noqa: BLE001 - as in _answer; what was sent cannot be taken back
            _log.exception("The upstream simulator failed while answering %s %s", request.method, request.target)
            self._transport.close()
        self._task = None
        while self._waiting and self._task is None and not self._transport.is_closing():
            self._answer(self._waiting.popleft())
        if not self._transport.is_closing() and len(self._waiting) < _MAXIMUM_WAITING_REQUESTS:
            self._transport.resume_reading()

    async def _send(self, reply: Reply, request: Request) -> None:
        pace = reply.pace
        if pace.latency:
            await asyncio.sleep(pace.latency)
        if pace.drop:
            self.abort()
            return
        if pace.hang:
            await self._hang()
        if reply.events is not None:
            await self._send_events(reply, request)
            return
        if pace.tokens_per_second is not None:
            await asyncio.sleep(reply.tokens / pace.tokens_per_second)
        if pace.cut_after is None and pace.hang_after is None:
            self._write_whole(reply, request)
            return
        # A whole answer has no events to count, so it breaks off in its middle.
        head = _head(reply, len(reply.body), keep_alive=request.keep_alive)
        self._transport.write(head + reply.body[: len(reply.body) // 2])
        if pace.cut_after is None:
            await self._hang()
        self._transport.close()

    async def _send_events(self, reply: Reply, request: Request) -> None:
        """Send events when they are due, those due at once together, and break off where the pace says so."""
        assert reply.events is not None  # noqa: S101 - the caller has looked
        pace = reply.pace
        chunked = request.chunks_allowed
        keep_alive = request.keep_alive and chunked
        now = asyncio.get_running_loop().time
        start, tokens, sent = now(), 0, 0
        pending = bytearray(_head(reply, None, keep_alive=keep_alive, chunked=chunked))
        for event in reply.events:
            if sent in (pace.cut_after, pace.hang_after):
                break
            tokens += event.tokens
            if pace.tokens_per_second is not None and event.tokens:
                await self._flush(pending)
                await asyncio.sleep(start + tokens / pace.tokens_per_second - now())
            pending += b"%x\r\n%b\r\n" % (len(event.data), event.data) if chunked else event.data
            sent += 1
            if len(pending) > _WRITE_AT_ONCE_BYTES:
                await self._flush(pending)
        else:
            if chunked:
                pending += _END_OF_CHUNKS
            await self._flush(pending)
            if not keep_alive:
                self._transport.close()
            return
        await self._flush(pending)
        if sent != pace.cut_after:
            await self._hang()
        self._transport.close()

    async def _flush(self, pending: bytearray) -> None:
        if pending:
            self._transport.write(bytes(pending))
            pending.clear()
            await self._writable.wait()

    async def _hang(self) -> None:
        """Never go on; the end of the connection cancels it."""
        await asyncio.get_running_loop().create_future()

    def _write_whole(self, reply: Reply, request: Request) -> None:
        head = _head(reply, len(reply.body), keep_alive=request.keep_alive)
        self._transport.write(head if request.method == "HEAD" else head + reply.body)
        if not request.keep_alive:
            self._transport.close()


def _head(reply: Reply, length: int | None, *, keep_alive: bool, chunked: bool = False) -> bytes:
    lines = [
        _STATUS_LINES.get(reply.status) or f"HTTP/1.1 {reply.status} Simulated\r\n",
        f"content-type: {reply.content_type}\r\n",
        *(f"{name}: {value}\r\n" for name, value in reply.headers),
    ]
    if length is not None:
        lines.append(f"content-length: {length}\r\n")
    if chunked:
        lines.append("transfer-encoding: chunked\r\n")
    lines.append(f"connection: {'keep-alive' if keep_alive else 'close'}\r\n\r\n")
    return "".join(lines).encode("latin-1")
