"""Events of machines whose clock is wrong. Another clock is put before PostgreSQL's own by a search path."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from structlog.testing import capture_logs

from inferspect.events.delivery import Consumers
from inferspect.store.events.writer import EventWriter, ShippedEvent
from inferspect.store.retention import Days, Retention
from tests.events.serving import Recording, event, execute, rows


@asynccontextmanager
async def machine_behind(engine: AsyncEngine, days: int) -> AsyncIterator[AsyncEngine]:
    """Connections to a database whose clock is so many days ahead of this machine's."""
    await execute(engine, "CREATE SCHEMA later")
    await execute(
        engine,
        "CREATE FUNCTION later.now() RETURNS timestamptz LANGUAGE sql"
        f" AS $$ SELECT pg_catalog.now() + interval '{days} days' $$",
    )
    options = "-c search_path=later,pg_catalog,public"
    made = create_async_engine(engine.url, connect_args={"options": options})
    yield made
    await made.dispose()


async def ages(engine: AsyncEngine, table: str = "events") -> list[float]:
    """Of all rows, in hours of the database's time."""
    found = await rows(
        engine,
        "SELECT CAST(extract(epoch FROM now() - occurred_at) / 3600 AS double precision) AS age"  # noqa: S608
        f" FROM inferspect.{table} ORDER BY 1",
    )
    return [row["age"] for row in found]


def redated() -> float:
    return REGISTRY.get_sample_value("inferspect_events_redated_total") or 0.0


@pytest.mark.parametrize("at", [datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, tzinfo=UTC)])
async def test_a_date_that_cannot_be_true_becomes_that_of_the_database(engine: AsyncEngine, at: datetime) -> None:
    """In all tables, and for all revisions: it stays one event. It is logged, and counted once."""
    before = redated()
    first = event(occurred_at=at, prompt_tokens=1)
    with capture_logs() as logs:
        for revision in (1, 2, 3):
            writer = EventWriter(engine, Consumers([Recording()]))
            await writer.write([ShippedEvent(replace(first, revision=revision), b'{"input": "a"}')])
    for table in ("events", "event_contents", "usage", "deliveries"):
        assert await ages(engine, table) == [pytest.approx(0, abs=0.1)], table
    assert redated() == before + 1
    assert [line["events"] for line in logs] == [1]


async def test_dates_that_can_be_true_stay(engine: AsyncEngine) -> None:
    """Out of the spool of a machine that was off for months, and of one whose clock is some hours ahead."""
    before = redated()
    now = datetime.now(UTC)
    moments = [now - timedelta(days=200), now + timedelta(hours=20)]
    await EventWriter(engine).write([ShippedEvent(event(occurred_at=moment)) for moment in moments])
    assert [
        row["occurred_at"] for row in await rows(engine, "SELECT occurred_at FROM inferspect.events ORDER BY 1")
    ] == moments
    assert redated() == before


async def test_new_events_of_a_clock_that_is_far_behind_are_kept(engine: AsyncEngine) -> None:
    """Retention would take them, and what is to be delivered of them, for old ones."""
    async with machine_behind(engine, 40) as behind:
        writer = EventWriter(behind, Consumers([Recording()]))
        await writer.write([ShippedEvent(event())])
        await Retention(behind, ["events"]).enforce(Days(30, 30))
        for table in ("events", "deliveries"):
            assert await ages(behind, table) == [pytest.approx(0, abs=0.1)], table


async def test_an_event_stays_one_when_the_clock_is_put_right(engine: AsyncEngine) -> None:
    """Its date can be believed then, but it has another in the store."""
    async with machine_behind(engine, 40) as behind:
        first = event()
        writer = EventWriter(behind)
        await writer.write([ShippedEvent(first, final=False)])
        await execute(
            engine,
            "DROP FUNCTION later.now()",
        )
        await writer.write([ShippedEvent(replace(first, revision=2))])
    (row,) = await rows(engine, "SELECT revision FROM inferspect.events")
    assert row["revision"] == 2
