"""Runs the simulator: in a thread for tests, or in the process of its own that `python -m` starts."""

from __future__ import annotations

import asyncio
import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Protocol, Self

from .application import Application
from .script import Rule, Script
from .server import Connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .exchange import Reply, Request
    from .recording import Received

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


class UpstreamSimulator:
    """An OpenAI- and Anthropic-compatible server in a thread of its own, for tests.

        with UpstreamSimulator() as upstream:
            client = OpenAI(base_url=f"{upstream.url}/v1", api_key="any")

    It listens on a free port of the loopback interface. `behaviours` are commands by model name or `*`, `script` is a
    list of rules; both are described in docs/upstream-simulator.md.
    """

    def __init__(
        self,
        *,
        script: Iterable[Rule | dict[str, Any]] = (),
        behaviours: Mapping[str, str] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        """Check the settings; nothing listens before the `with` block or `start`.

        Raises:
            ScriptError: A rule is not valid.
            UnknownCommandError: A behaviour is not in the grammar.
        """
        self._application = Application(Script.of(script), behaviours)
        self._host = host
        self._port = port
        self._url: Future[str] = Future()
        self._thread: threading.Thread | None = None

    def start(self) -> Self:
        """Listen, and return once connections are accepted.

        Raises:
            OSError: The address cannot be listened on.
        """
        if self._thread is not None:
            raise RuntimeError("this simulator was started before; make another one")
        self._thread = threading.Thread(target=self._run, name="upstream-simulator", daemon=True)
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

    @property
    def url(self) -> str:
        """Where it listens, such as `http://127.0.0.1:40001`; OpenAI's clients want `/v1` after it."""
        if self._thread is None:
            raise RuntimeError("the simulator is not started; use it in a with block")
        return self._url.result()

    @property
    def received(self) -> list[Received]:
        """What it received, oldest first: the newest 1,000 requests and 64 MiB of bodies at most."""
        return self._application.recording.newest()

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._application.connections)

    def clear(self) -> None:
        """Forget what it received."""
        self._application.recording.clear()

    @property
    def script(self) -> tuple[Rule, ...]:
        """The rules of scripted answers; set a list of rules, or of objects as in a script file, to replace them."""
        return self._application.script.rules

    @script.setter
    def script(self, rules: Iterable[Rule | dict[str, Any]]) -> None:
        self._application.script = Script.of(rules)

    @property
    def behaviours(self) -> dict[str, str]:
        """The behaviours set for models."""
        return dict(self._application.behaviours)

    def set_behaviours(self, behaviours: Mapping[str, str | None]) -> None:
        """Override what models do, by model name or `*`; None ends an override.

        Raises:
            UnknownCommandError: A behaviour is not in the grammar.
        """
        self._application.set_behaviours(behaviours)

    def reset(self) -> None:
        """Forget what it received, the script and all behaviours."""
        self._application.reset()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        try:
            await serve(self._application, self._host, self._port, self._stop, self._url.set_result)
        except OSError as error:
            self._url.set_exception(error)
