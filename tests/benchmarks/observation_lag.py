"""How long after a request its event is stored, traced and scored, at a steady pace."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import psycopg
import uvloop

from inferspect.testing.gateway import GatewayProcess
from tests.benchmarks.comparison import Side
from tests.benchmarks.load import WORDS, Connection, percentile
from tests.benchmarks.observation_store import address_of
from tests.benchmarks.tables import table

WISHED = 100
SHARE = 0.7  # of what the machine can do, where that is less: no queue is to grow
SECONDS = 15
LOOK_EVERY = 0.02
CONNECTIONS = 100
ROW = "SELECT CAST(id AS text) FROM inferspect.events WHERE complete AND id = ANY(CAST(%s AS uuid[]))"
SCORES = "SELECT CAST(id AS text) FROM inferspect.scores WHERE id = ANY(CAST(%s AS uuid[]))"
KINDS = {
    "its row in `events`": "row",
    "its trace in Langfuse's stand-in": "trace",
    "its scores in `scores`": "scores",
    "its scores in Langfuse's stand-in": "traced scores",
}


class Timed(Connection):
    """A connection that notes the id of the request."""

    request_id = ""

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"x-request-id":
            self.request_id = value.decode()


@dataclass(slots=True)
class Sighted:
    """When requests ended, and when what became of them was first seen, in Unix time by request."""

    ended: dict[str, float] = field(default_factory=dict)
    seen: dict[str, dict[str, float]] = field(default_factory=lambda: {kind: {} for kind in KINDS.values()})
    all_sent: bool = False

    def see(self, kind: str, requests: Iterable[str]) -> None:
        now = time.time()
        for request in requests:
            self.seen[kind].setdefault(request, now)

    def missing(self, kind: str) -> list[str]:
        return list(self.ended.keys() - self.seen[kind].keys())

    def is_whole(self) -> bool:
        return self.all_sent and not any(self.missing(kind) for kind in self.seen)

    def lags(self, kind: str) -> list[float]:
        """Milliseconds."""
        return [max(0.0, self.seen[kind][request] - ended) * 1000 for request, ended in self.ended.items()]


def lags(gateway: GatewayProcess, side: Side, received: Path, body: dict[str, Any], most: float) -> str:
    """A table of milliseconds.

    Args:
        received: the file of what Langfuse's stand-in has got.
        most: requests per second that the machine can do.
    """
    rate = WISHED if most * SHARE >= WISHED else int(most * SHARE)
    sighted = uvloop.run(sight(gateway, side, received, body, rate))
    lines = []
    for told, kind in KINDS.items():
        values = sighted.lags(kind)
        lines.append(f"| {told} | {percentile(values, 50):,.0f} | {percentile(values, 99):,.0f} | {max(values):,.0f} |")
    said = "" if rate == WISHED else f", as this machine does not serve {WISHED} with all else that runs on it"
    head = (
        f"{len(sighted.ended)} requests, {rate} a second{said}: milliseconds from a request's end to | p50 | p99 | most"
    )
    return table(head, lines)


async def sight(gateway: GatewayProcess, side: Side, received: Path, body: dict[str, Any], rate: int) -> Sighted:
    sighted = Sighted()
    async with asyncio.TaskGroup() as watching:
        watching.create_task(watch_database(address_of(gateway), sighted))
        watching.create_task(watch_collector(received, sighted))
        await send(side, body, rate, sighted)
        sighted.all_sent = True
    return sighted


async def send(side: Side, body: dict[str, Any], rate: int, sighted: Sighted) -> None:
    """Send at a steady pace, however long the answers take."""
    url = urlsplit(side.url)
    assert url.hostname is not None
    assert url.port is not None
    loop = asyncio.get_running_loop()
    free: asyncio.LifoQueue[Timed] = asyncio.LifoQueue()
    for _ in range(CONNECTIONS):
        free.put_nowait((await loop.create_connection(Timed, url.hostname, url.port))[1])

    async def ask() -> None:
        content = json.dumps(body).replace("{word}", next(WORDS)).encode()
        lines = ["POST /v1/chat/completions HTTP/1.1", f"host: {url.netloc}", "content-type: application/json"]
        head = "\r\n".join([*lines, f"content-length: {len(content)}", f"authorization: Bearer {side.key}", "", ""])
        connection = await free.get()
        await connection.ask(head.encode() + content)
        sighted.ended[str(uuid.UUID(connection.request_id))] = time.time()
        free.put_nowait(connection)

    began = loop.time()
    async with asyncio.TaskGroup() as asking:
        for number in range(rate * SECONDS):
            await asyncio.sleep(began + number / rate - loop.time())
            asking.create_task(ask())
    while not free.empty():
        free.get_nowait().transport.close()


async def watch_database(address: str, sighted: Sighted) -> None:
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        while not sighted.is_whole():
            for kind, statement in (("row", ROW), ("scores", SCORES)):
                rows = await connection.execute(statement.encode(), [sighted.missing(kind)])
                sighted.see(kind, [request for (request,) in await rows.fetchall()])
            await asyncio.sleep(LOOK_EVERY)


async def watch_collector(received: Path, sighted: Sighted) -> None:
    """Read on in its file, where a record stands before the gateway is told that it arrived."""
    kinds = {"Span": "trace", "Score": "traced scores"}
    with received.open("rb") as file:
        file.seek(0, 2)
        rest = b""
        while not sighted.is_whole():
            *lines, rest = (rest + file.read()).split(b"\n")
            for kind, record in map(orjson.loads, lines):
                if kind in kinds:
                    sighted.see(kinds[kind], [str(uuid.UUID(record["trace_id"]))])
            await asyncio.sleep(LOOK_EVERY)
