"""What the HTTP doubles share: a server that remembers what it received and misbehaves on command.

It runs in a thread of the test, or with :func:`run` as a process of its own, steered under ``/_double/``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
from abc import ABC, abstractmethod
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson

from inferspect.testing.faults import Fault, Faults
from inferspect.testing.upstream.exchange import Reply, Request
from inferspect.testing.upstream.recording import Received, Recording
from inferspect.testing.upstream.server_thread import ServerThread, new_event_loop, serve

if TYPE_CHECKING:
    from inferspect.testing.upstream.server import Connection

CONTROL = "/_double/"


class HttpDouble(ServerThread, ABC):
    """One HTTP server, from entering to leaving its context.

    Attributes:
        takes_batches: whether the fault ``partial`` means something.
        connections: those that are open.
    """

    takes_batches = False

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.connections: set[Connection] = set()
        self._recording = Recording()
        self._faults = Faults()
        super().__init__(self, host, port)

    @abstractmethod
    def answer(self, request: Request, fault: Fault) -> Reply:
        """The reply to a request that is not to fail as a whole; ``fault`` may ask for a partial one."""

    def refuse(self, status: int) -> Reply:
        """The body of a commanded failure."""
        return json_reply({"message": HTTPStatus(status).phrase}, status)

    @property
    def received(self) -> list[Received]:
        """What it received, failed requests too, oldest first: the newest 1,000 and 64 MiB of bodies at most."""
        return self._recording.newest()

    @property
    def requests(self) -> int:
        """How many requests came, since the last :meth:`reset`."""
        return self._recording.total

    def behave(
        self, command: str, *, requests: int | None = None, seconds: float | None = None, path: str = ""
    ) -> None:
        """Have requests fail: see :meth:`inferspect.testing.faults.Faults.plan`.

        Raises:
            ValueError: the command is none, or not for this double.
        """
        if command == "partial" and not self.takes_batches:
            raise ValueError("this double takes no batches, so there is no partial answer")
        self._faults.plan(command, requests=requests, seconds=seconds, path=path)

    def recover(self) -> None:
        """No request fails any more; those that hang go on hanging."""
        self._faults.clear()

    def reset(self) -> None:
        """Forget what came and which requests fail."""
        self.recover()
        self._recording.clear()

    def respond(self, request: Request) -> Reply:
        """The reply to a request, for the server."""
        path, _, query = request.target.partition("?")
        if path.startswith(CONTROL):
            return self._steer(request, path.removeprefix(CONTROL), query)
        self._recording.add(request)
        fault = self._faults.take(path, len(request.body))
        if fault.status is not None:
            return self._failure(fault.status, fault)
        if fault.hang or fault.drop == "before":
            return Reply(pace=fault.pace)
        reply = self.answer(request, fault)
        return replace(reply, pace=fault.pace)

    def control(self, method: str, name: str, body: bytes, options: dict[str, str]) -> Any:  # noqa: ARG002  of others
        """What a request under ``/_double/`` gives, as JSON; ``None`` where there is no such thing."""
        match method, name:
            case "GET", "health":
                return {"requests": self.requests, "connections": len(self.connections)}
            case "GET", "received":
                return {"total": self.requests, "received": [request.as_json() for request in self.received]}
            case "POST", "behaviour":
                self.behave(**orjson.loads(body))
                return {}
            case "DELETE", "behaviour":
                self.recover()
                return {}
            case "DELETE", "received":
                self.reset()
                return {}
        return None

    def _failure(self, status: int, fault: Fault) -> Reply:
        headers: list[tuple[str, str]] = []
        if fault.retry_after is not None:
            headers.append(("retry-after", f"{fault.retry_after:g}"))
        if fault.location is not None:
            headers.append(("location", fault.location))
        return replace(self.refuse(status), headers=tuple(headers))

    def _steer(self, request: Request, name: str, query: str) -> Reply:
        options = {key: values[-1] for key, values in parse_qs(query).items()}
        try:
            found = self.control(request.method, name, request.body, options)
        except (ValueError, TypeError, LookupError) as error:
            return json_reply({"message": str(error)}, HTTPStatus.BAD_REQUEST)
        if found is None:
            return json_reply({"message": f"there is no {request.method} {CONTROL}{name}"}, HTTPStatus.NOT_FOUND)
        return json_reply(found)

    async def serve_until_signal(self) -> None:
        """Serve in this process until SIGTERM or SIGINT; a JSON line with the URL is printed once it listens.

        Raises:
            OSError: The address cannot be listened on.
        """
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(NotImplementedError):  # Windows: there the signals' own effect ends the process
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await serve(self, self._host, self._port, stop, _announce)


def _announce(url: str) -> None:
    print(json.dumps({"url": url}), flush=True)  # noqa: T201 - whoever started the process reads it


def json_reply(content: Any, status: int = 200) -> Reply:
    return Reply(status=status, body=orjson.dumps(content))


def address_parser(program: str, description: str | None) -> argparse.ArgumentParser:
    """Options that every double has as a process."""
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one (default)")
    return parser


def run(double: HttpDouble, parser: argparse.ArgumentParser) -> int:
    """Run a double as this process; returns its exit status. Where it cannot listen, the parser says so and ends."""
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(double.serve_until_signal())
    except OSError as error:
        parser.error(str(error))
    return 0
