from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.context import RequestContext
from inferspect.events.event import GatewayEvent, event_of
from inferspect.store.events.writer import EventWriter, ShippedEvent

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=100)


def event(at: datetime = NOON, revision: int = 1, **values: Any) -> GatewayEvent:
    served = RequestContext(str(uuid.uuid4()), "/v1/chat/completions", "POST", "192.0.2.1")
    served.received_at = at
    served.status = 200
    return replace(event_of(served, revision, complete=True), **values)


def shipped(*events: GatewayEvent) -> list[ShippedEvent]:
    return [ShippedEvent(one) for one in events]


async def query(engine: AsyncEngine, statement: str) -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        return [dict(found) for found in (await connection.execute(text(statement))).mappings()]


async def partitions(engine: AsyncEngine) -> list[str]:
    found = await query(
        engine,
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = 'inferspect.events'::regclass ORDER BY 1",
    )
    return [partition["name"] for partition in found]


async def test_every_column_comes_back_as_written(engine: AsyncEngine) -> None:
    """Numbers, texts, times and verdicts."""
    written = event(
        cost=0.000123,
        prompt_tokens=7,
        verdicts=[{"guardrail": "pii", "counts": {"US_SSN": 1}}],
        model='é"\\{}',
        tags=["a", 'b,"c\\', "{}", ""],
        usage={"cached_tokens": 3},
        parameters={"temperature": 0.7, "stop": ["\n"]},
        seconds_total=1 / 3,
    )
    await EventWriter(engine).write(shipped(written))
    (found,) = await query(engine, "SELECT * FROM inferspect.events")
    assert {**found, "id": str(found["id"])} == written.to_row()


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (2, 2)])
async def test_the_newest_revision_wins_in_whatever_order_they_come(
    engine: AsyncEngine, order: tuple[int, int]
) -> None:
    """An event shipped twice is one row."""
    first = event()
    writer = EventWriter(engine)
    for revision in order:
        await writer.write(shipped(replace(first, revision=revision, cost=float(revision))))
    assert await query(engine, "SELECT revision, cost FROM inferspect.events") == [{"revision": 2, "cost": 2.0}]


async def test_a_large_batch_is_one_transaction(engine: AsyncEngine) -> None:
    """More rows than one statement can carry are all written, or none is."""
    count = 2001
    await EventWriter(engine).write(shipped(*(event() for _ in range(count))))
    assert await query(engine, "SELECT count(*) AS n FROM inferspect.events") == [{"n": count}]
    with pytest.raises(SQLAlchemyError):
        await EventWriter(engine).write(shipped(*(event() for _ in range(1000)), event(status=10**6)))
    assert await query(engine, "SELECT count(*) AS n FROM inferspect.events") == [{"n": count}]


async def test_days_are_those_of_utc(engine: AsyncEngine) -> None:
    """A request one microsecond before midnight UTC is of the old day, whatever the zone its time is given in."""
    midnight = NOON + timedelta(hours=12)
    east = timezone(timedelta(hours=5, minutes=30))
    events = [event(midnight - timedelta(microseconds=1)), event(midnight), event(midnight.astimezone(east))]
    await EventWriter(engine).write(shipped(*events))
    first, second = (f"inferspect.events_{day:%Y%m%d}" for day in (NOON, midnight))
    assert await partitions(engine) == [first, second]
    days = await query(
        engine, "SELECT tableoid::regclass::text AS day, count(*) AS n FROM inferspect.events GROUP BY 1"
    )
    assert {day["day"]: day["n"] for day in days} == {first: 1, second: 2}


async def test_two_connections_make_the_same_partitions_at_once(engine: AsyncEngine) -> None:
    """Workers that meet at midnight, each with events of several days, neither fail nor block each other."""
    days = [NOON + timedelta(days=offset) for offset in range(5)]
    writers = [EventWriter(engine) for _ in range(6)]
    for start in range(0, 60, 5):
        moments = [day + timedelta(days=start) for day in days]
        await asyncio.gather(
            *(
                writer.write(shipped(*(event(moment) for moment in (moments[number % 5 :] + moments[: number % 3]))))
                for number, writer in enumerate(writers)
            )
        )
    assert len(await partitions(engine)) == 60


async def test_a_partition_that_was_dropped_is_made_again(engine: AsyncEngine) -> None:
    """Retention or a restored database takes a day away that the writer remembers: the next attempt makes it."""
    writer = EventWriter(engine)
    await writer.write(shipped(event()))
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP TABLE inferspect.events_{NOON:%Y%m%d}"))
    with pytest.raises(SQLAlchemyError):
        await writer.write(shipped(event()))
    await writer.write(shipped(event()))
    assert await query(engine, "SELECT count(*) AS n FROM inferspect.events") == [{"n": 1}]
