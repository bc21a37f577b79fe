"""How many events one process stores and delivers, or two deliver, and how much room they take on disk."""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from callbacks.audit.projection import AuditProjection
from inferspect.events.courier import Courier
from inferspect.events.delivery import DONE, Consumers, Content, Delivered, Delivery
from inferspect.events.event import GatewayEvent
from inferspect.events.shipper import Shipper
from inferspect.events.spool import Spool, SpooledEvent
from inferspect.settings import EventSettings
from inferspect.store.address import driver_url
from inferspect.store.audit.keys import AuditKeys
from inferspect.store.audit.log import AuditLog
from inferspect.store.events.reading import contents_of, events_of
from inferspect.store.events.writer import EventWriter
from inferspect.store.migrate import migrate
from inferspect.tenancy.lookup import TenantLookup
from inferspect.testing.gateway import GatewayProcess
from tests.benchmarks.observation_workers import BATCH, SECONDS, delivered_a_second
from tests.benchmarks.tables import ratios, spread, table

ROUNDS = 5
EVENTS = 2_000
AT_ONCE = 100
DATABASE = "observation_benchmark"
SALT = "of no installation, " * 2
TABLES = ("events", "event_contents", "usage", "audit_log", "scores")
SIZES = """
    WITH part AS (
        SELECT relid AS id FROM pg_partition_tree('inferspect.{table}') UNION SELECT 'inferspect.{table}'::regclass
    )
    SELECT (SELECT count(*) FROM inferspect.{table}) AS rows, sum(pg_table_size(id)) AS of_table,
        sum(pg_indexes_size(id)) AS of_indexes FROM part
"""
LENGTHS = """
    SELECT avg(length(input::json -> 0 ->> 'content') + length(output::json -> 0 -> 'message' ->> 'content'))
    FROM inferspect.event_contents
"""


@dataclass(slots=True)
class Taker:
    """A consumer that has done with everything at once."""

    name: str
    batch: int
    needs_content: bool

    def wants(self, event: GatewayEvent) -> bool:
        return event.result == "success"

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        return [DONE] * len(deliveries)

    async def close(self) -> None:
        """Nothing is open."""


FIGURES, CONTENTS = Taker("figures", 100, needs_content=False), Taker("contents", 50, needs_content=True)


@dataclass(slots=True)
class Measured:
    """Figures of all rounds."""

    shipped: list[float] = field(default_factory=list)
    delivered: dict[str, list[float]] = field(default_factory=lambda: {"figures": [], "contents": []})
    by_workers: dict[int, list[float]] = field(default_factory=lambda: {1: [], 2: []})
    held: list[float] = field(default_factory=list)
    spooled: list[float] = field(default_factory=list)


def address_of(gateway: GatewayProcess, database: str = "inferspect") -> str:
    """URL of a database in the gateway's PostgreSQL."""
    port = (gateway.home / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[3]
    return f"postgresql://gateway:{gateway.credentials()['postgres_password']}@127.0.0.1:{port}/{database}"


def in_process(gateway: GatewayProcess, folder: Path) -> str:
    """Store and deliver copies of an event of the gateway's, in a database of their own."""
    with psycopg.connect(address_of(gateway), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}".encode())
    migrate(address_of(gateway, DATABASE))
    measured = asyncio.run(_measure(gateway, folder))
    lines = [
        _line("events stored a second, from the spool", measured.shipped, ",.0f"),
        _line("events delivered a second", measured.delivered["figures"], ",.0f"),
        _line("events with contents delivered a second", measured.delivered["contents"], ",.0f"),
        *(
            _line(f"the same to a receiver that takes {SECONDS * 1000:.0f} ms for {BATCH}, by {told}", rates, ",.0f")
            for told, rates in zip(("one process", "two"), measured.by_workers.values(), strict=True)
        ),
        _line("two processes against one", ratios(measured.by_workers[2], measured.by_workers[1]), ".2f"),
        _line("longest time that the event loop was held meanwhile, milliseconds", measured.held, ".1f"),
        _line("bytes of an event in the spool, with its content", measured.spooled, ",.0f"),
    ]
    return table("one process | | of the rounds", lines)


def bytes_on_disk(gateway: GatewayProcess) -> str:
    """What the gateway's database has of each request."""
    lines = []
    total = 0.0
    for name in TABLES:
        (size,) = gateway.query(SIZES.format(table=name))
        table_, indexes = (float(size[part]) / size["rows"] for part in ("of_table", "of_indexes"))
        total += table_ + indexes
        lines.append(f"| `{name}` | {size['rows']:,} | {table_:,.0f} | {indexes:,.0f} | {table_ + indexes:,.0f} |")
    lines.append(f"| **all** | | | | **{total:,.0f}** |")
    characters = float(gateway.query(LENGTHS)[0]["avg"])
    head = (
        f"bytes a row in PostgreSQL, question and answer of {characters:.0f} characters | rows | table | indexes | both"
    )
    return table(head, lines)


def _line(told: str, values: list[float], form: str) -> str:
    return f"| {told} | **{statistics.median(values):{form}}** | {spread(values, form)} |"


async def _measure(gateway: GatewayProcess, folder: Path) -> Measured:
    seed, content = await _typical(gateway)
    engine = create_async_engine(driver_url(address_of(gateway, DATABASE)), pool_size=4, pool_pre_ping=True)
    measured = Measured()
    consumers = Consumers([FIGURES, CONTENTS], [AuditProjection(AuditLog(engine, AuditKeys(SALT)))])
    writer = EventWriter(engine, consumers, TenantLookup(engine, {}))
    try:
        for number in range(ROUNDS + 1):
            spool = Spool(folder / f"spool-{number}")
            await _fill(spool, seed, content)
            size = spool.size() / EVENTS
            watch = _Watch()
            watch.start()
            began = time.perf_counter()
            await Shipper(spool, writer, EventSettings()).drain(spool)
            shipped = EVENTS / (time.perf_counter() - began)
            rates = {taker.name: await _deliver(taker, engine) for taker in (FIGURES, CONTENTS)}
            held = await watch.end()
            by_workers = {
                processes: await delivered_a_second(address_of(gateway, DATABASE), seed, processes)
                for processes in measured.by_workers
            }
            spool.close(delete=True)
            if number:  # the first warms up
                measured.spooled.append(size)
                measured.shipped.append(shipped)
                measured.held.append(held)
                for name, rate in rates.items():
                    measured.delivered[name].append(rate)
                for processes, rate in by_workers.items():
                    measured.by_workers[processes].append(rate)
    finally:
        await engine.dispose()
    return measured


async def _typical(gateway: GatewayProcess) -> tuple[GatewayEvent, bytes]:
    """The gateway's newest event, and its content as it lay in the spool."""
    row = gateway.query(
        "SELECT id, occurred_at FROM inferspect.events WHERE complete ORDER BY occurred_at DESC LIMIT 1"
    )
    wanted = {str(row[0]["id"]): row[0]["occurred_at"]}
    engine = create_async_engine(driver_url(address_of(gateway)))
    async with engine.connect() as connection:
        (event,) = (await events_of(connection, wanted)).values()
        (content,) = (await contents_of(connection, wanted)).values()
    await engine.dispose()
    assert isinstance(event, GatewayEvent)
    return event, _spooled(content)


def _spooled(content: Content) -> bytes:
    return orjson.dumps({part: orjson.loads(getattr(content, part) or "null") for part in ("input", "output")})


async def _fill(spool: Spool, seed: GatewayEvent, content: bytes) -> None:
    for _ in range(EVENTS // AT_ONCE):
        events = [replace(seed, id=str(uuid.uuid4()), occurred_at=datetime.now(UTC)) for _ in range(AT_ONCE)]
        spooled = [
            SpooledEvent(
                event.id, event.revision, complete=True, written_at=time.time(), body=event.to_json(), content=content
            )
            for event in events
        ]
        await asyncio.gather(*map(spool.write, spooled))


async def _deliver(taker: Taker, engine: AsyncEngine) -> float:
    """Deliveries a second."""
    courier = Courier(taker, engine, EventSettings())
    began = time.perf_counter()
    count = 0
    while delivered := await courier.deliver():
        count += delivered
    return count / (time.perf_counter() - began)


class _Watch:
    """Finds how long others kept the event loop at most."""

    def start(self) -> None:
        self._longest = 0.0
        self._task = asyncio.create_task(self._run())

    async def end(self) -> float:
        """Milliseconds."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        return self._longest * 1000

    async def _run(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0)
            self._longest = max(self._longest, time.perf_counter() - began)
            await asyncio.sleep(0.001)
