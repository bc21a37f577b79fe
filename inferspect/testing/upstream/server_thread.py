"""Runs a server in a thread of its own, for tests, or in the event loop of a process that is nothing else."""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Protocol, Self

from .server import Connection

if TYPE_CHECKING:
    from collections.abc import Callable

    from .exchange import Reply, Request

_BACKLOG = 2048


def new_event_loop() -> asyncio.AbstractEventLoop:
    """The fastest event loop that this platform has."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop  # noqa: PLC0415 - does not exist on Windows

    return uvloop.new_event_loop()


class Responder(Protocol):
    """What answers requests, and knows the connections that are open."""

    connections: set[Connection]

    def respond(self, request: Request) -> Reply:
        """The reply to `request`."""
        ...


async def serve(
    application: Responder, host: str, port: int, stop: asyncio.Event, listening: Callable[[str], None]
) -> None:
    """Serve until `stop` is set, then drop every connection; `listening` is told the URL.

    Raises:
        OSError: The address cannot be listened on.
    """
    server = await asyncio.get_running_loop().create_server(
        lambda: Connection(application.respond, application.connections), host, port, backlog=_BACKLOG
    )
    bound = server.sockets[0].getsockname()
    listening(f"http://{f'[{bound[0]}]' if ':' in bound[0] else bound[0]}:{bound[1]}")
    await stop.wait()
    server.close()
    for connection in tuple(application.connections):
        connection.abort()
    await server.wait_closed()


class ServerThread:
    """A server from entering to leaving its context.

    Args:
        responder: what answers.
        host: address to listen on.
        port: 0 for a free one.
    """

    def __init__(self, responder: Responder, host: str, port: int) -> None:
        self._responder = responder
        self._host = host
        self._port = port
        self._url: Future[str] = Future()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:40001`, without a path."""
        if self._thread is None:
            raise RuntimeError("this server is not started; use it in a with block")
        return self._url.result()

    def start(self) -> Self:
        """Listen, and return once connections are accepted.

        Raises:
            OSError: The address cannot be listened on.
        """
        if self._thread is not None:
            raise RuntimeError("this server was started before; make another one")
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._thread.start()
        self._url.result()
        return self

    def stop(self) -> None:
        """Drop all connections and end the thread."""
        if self._thread is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            await serve(self._responder, self._host, self._port, self._stop, self._url.set_result)
        except OSError as error:
            self._url.set_exception(error)
