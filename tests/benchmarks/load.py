"""A process that sends requests and measures them: `python -m tests.benchmarks.load`.

It reads one JSON job a line from standard input and answers each with one JSON line of figures. A process of its own,
so that what measures does not wait for what is measured. ``{word}`` in a body is another word in each request, as it
is not to be measured how well texts are remembered that came before.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from itertools import count, pairwise, product
from typing import Any, Self, cast
from urllib.parse import urlsplit

import httptools
import uvloop

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = ("".join(letters) for letters in product(LETTERS, repeat=8))
"""All of the same length, so that all requests of a job are."""


@dataclass(frozen=True, slots=True)
class Job:
    """``requests`` copies of one POST over ``connections`` kept-alive connections, each sending when it is answered."""

    url: str
    headers: dict[str, str]
    body: dict[str, Any]
    connections: int
    requests: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How the text of streamed chats arrived, in milliseconds.

    Attributes:
        first: from the request to the first chunk with text.
        between: from one chunk with text to the next.
        character: from the request to a character of the text, on average over all.
    """

    first_p50: float
    first_p99: float
    between_p50: float
    between_p99: float
    character: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Latencies in milliseconds to the last byte; ``first_byte`` to the first of the body."""

    requests_per_second: float
    p50: float
    p95: float
    p99: float
    first_byte_p50: float
    first_byte_p99: float
    pace: Pace | None = None


class Generator:
    """Runs the process; use as a context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", __spec__.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_error: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def run(self, job: Job) -> Figures:
        """Figures of one job.

        Raises:
            RuntimeError: a request was not answered with 200, so figures would mean nothing.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        if "error" in answer:
            raise RuntimeError(answer["error"])
        pace = answer.pop("pace")
        return Figures(**answer, pace=pace and Pace(**pace))


class Connection(asyncio.Protocol):
    """One HTTP/1.1 connection with one request at a time."""

    def __init__(self) -> None:
        self._answered: asyncio.Future[None] | None = None
        self.pieces: list[tuple[float, bytes]] = []  # of the last answer's body, with seconds from the request

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass

    async def ask(self, request: bytes) -> tuple[float, float]:
        """Seconds to the first byte of the body, and to the last."""
        self._parser = httptools.HttpResponseParser(self)
        self._answered = asyncio.get_running_loop().create_future()
        self.pieces = []
        self._started = time.perf_counter()
        self.transport.write(request)
        await self._answered
        ended = time.perf_counter()
        if self._parser.get_status_code() != 200:
            body = b"".join(piece for _, piece in self.pieces)
            raise RuntimeError(f"answered with {self._parser.get_status_code()}: {body[:500].decode()}")
        return self.pieces[0][0], ended - self._started

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.pieces.append((time.perf_counter() - self._started, body))

    def on_message_complete(self) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(None)

    def connection_lost(self, _error: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(RuntimeError("the connection was closed before the answer was whole"))


async def measure(job: Job) -> Figures:
    """Run a job in this process."""
    address = urlsplit(job.url)
    assert address.hostname is not None
    assert address.port is not None
    body = json.dumps(job.body).replace("{word}", next(WORDS)).encode()
    headers = {"host": address.netloc, "content-type": "application/json", "content-length": str(len(body))}
    lines = [f"POST {address.path} HTTP/1.1", *(f"{name}: {value}" for name, value in (headers | job.headers).items())]
    head = "\r\n".join([*lines, "", ""]).encode()
    bodies = (json.dumps(job.body).replace("{word}", word).encode() for word in WORDS)
    loop = asyncio.get_running_loop()
    connections = [
        (await loop.create_connection(Connection, address.hostname, address.port))[1] for _ in range(job.connections)
    ]
    numbers = count()
    times: list[tuple[float, float]] = []
    paces: list[list[tuple[float, int]]] = []

    async def send(connection: Connection) -> None:
        while next(numbers) < job.requests:
            times.append(await connection.ask(head + next(bodies)))
            if job.body.get("stream"):
                paces.append(arrivals(connection.pieces))

    started = time.perf_counter()
    try:
        await asyncio.gather(*(send(connection) for connection in connections))
        elapsed = time.perf_counter() - started
    finally:
        for connection in connections:
            connection.transport.close()
    first, whole = ([value * 1000 for value in column] for column in zip(*times, strict=True))
    return Figures(
        job.requests / elapsed,
        *(percentile(whole, share) for share in (50, 95, 99)),
        *(percentile(first, share) for share in (50, 99)),
        pace_of(paces) if paces else None,
    )


def arrivals(pieces: list[tuple[float, bytes]]) -> list[tuple[float, int]]:
    """When each chunk with text arrived, in seconds, and how many characters of text it had."""
    arrived: list[tuple[float, int]] = []
    rest = b""
    for seconds, piece in pieces:
        *events, rest = (rest + piece).split(b"\n\n")
        for event in events:
            data = event.removeprefix(b"data: ")
            if data.startswith(b"{"):
                chunk = json.loads(data)
                if "error" in chunk:
                    raise RuntimeError(f"a stream ended with an error: {chunk}")
                text = "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
                arrived += [(seconds, len(text))] if text else []
    if not arrived:
        raise RuntimeError("a stream had no text")
    return arrived


def pace_of(streams: list[list[tuple[float, int]]]) -> Pace:
    first = [stream[0][0] * 1000 for stream in streams]
    between = [(later - earlier) * 1000 for stream in streams for (earlier, _), (later, _) in pairwise(stream)]
    arrived = [(seconds * 1000, length) for stream in streams for seconds, length in stream]
    return Pace(
        *(percentile(first, share) for share in (50, 99)),
        *(percentile(between, share) for share in (50, 99)),
        sum(milliseconds * length for milliseconds, length in arrived) / sum(length for _, length in arrived),
    )


def percentile(values: list[float], share: int) -> float:
    return statistics.quantiles(values * 2 if len(values) == 1 else values, n=100, method="inclusive")[share - 1]


def main() -> None:
    for line in sys.stdin:
        try:
            answer: dict[str, Any] = asdict(uvloop.run(measure(Job(**json.loads(line)))))
        except (RuntimeError, OSError) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)  # noqa: T201 - whoever started the process reads it


if __name__ == "__main__":
    main()
