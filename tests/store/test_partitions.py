from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from inferspect.events.housekeeping import Housekeeping
from inferspect.settings import EventSettings
from inferspect.store import partitions as module
from inferspect.store.events.writer import PARTITIONED, EventWriter, ShippedEvent
from inferspect.store.partitions import make_partitions
from inferspect.tenancy.lookup import TenantLookup
from tests.events.serving import event, execute, rows

DAY = date(2026, 3, 1)


async def days_of(engine: AsyncEngine, table: str) -> list[str]:
    found = await rows(
        engine,
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = to_regclass(:table) ORDER BY 1",
        table=f"inferspect.{table}",
    )
    return [row["name"].rpartition("_")[2] for row in found]


async def test_a_new_day_begins_beside_whoever_reads(engine: AsyncEngine) -> None:
    """A dump that runs over midnight holds up neither the first event of the day nor other readers."""
    now = datetime.now(UTC)
    await EventWriter(engine).write([ShippedEvent(event(occurred_at=now))])
    impatient = create_async_engine(engine.url, connect_args={"options": "-c lock_timeout=10s"})
    async with engine.connect() as reader:
        for table in PARTITIONED:
            await reader.execute(text(f"SELECT count(*) FROM inferspect.{table}"))  # noqa: S608  names of our own
        async with impatient.begin() as connection:
            await make_partitions(connection, PARTITIONED, [now.date() + timedelta(days=1)])
            async with impatient.connect() as other:
                assert (await other.execute(text("SELECT count(*) FROM inferspect.events"))).scalar_one() == 1
    await impatient.dispose()
    assert len(await days_of(engine, "events")) == 2


async def test_partitions_have_what_their_table_has(engine: AsyncEngine) -> None:
    """Keys and indexes, as those that PostgreSQL creates itself."""
    async with engine.begin() as connection:
        await make_partitions(connection, PARTITIONED, [DAY])
    await execute(
        engine,
        "CREATE TABLE inferspect.events_other PARTITION OF inferspect.events"
        " FOR VALUES FROM ('2026-03-02') TO ('2026-03-03')",
    )
    query = (
        "SELECT regexp_replace(indexdef, '.* USING', '') AS made FROM pg_indexes"
        " WHERE schemaname = 'inferspect' AND tablename = :table ORDER BY 1"
    )
    assert await rows(engine, query, table="events_20260301") == await rows(engine, query, table="events_other")


async def test_who_cannot_have_a_table_lets_others_pass_and_tries_again(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A queue behind a lock that somebody keeps would stop all writing."""
    monkeypatch.setattr(module, "LOCK_PATIENCE", "10ms")
    async with engine.begin() as holder:
        await holder.execute(text("LOCK TABLE inferspect.events IN SHARE ROW EXCLUSIVE MODE"))
        with pytest.raises(OperationalError):
            async with engine.begin() as connection:
                await make_partitions(connection, PARTITIONED, [DAY])
    async with engine.begin() as connection:
        await make_partitions(connection, PARTITIONED, [DAY])
        assert (await connection.execute(text("SHOW lock_timeout"))).scalar_one() == "0"
    assert await days_of(engine, "events") == ["20260301"]


async def test_the_next_days_are_made_ready_by_one_for_all(engine: AsyncEngine) -> None:
    """Of all tables that are kept by day, so that no writer makes one at midnight."""
    await execute(
        engine,
        "CREATE TABLE inferspect.notes (occurred_at timestamptz, tenant_id text) PARTITION BY RANGE (occurred_at)",
    )
    housekeeping = Housekeeping(engine, EventSettings(), TenantLookup(engine, {}), ["notes"])
    before = datetime.now(UTC).date()
    for _ in range(2):
        await housekeeping.prepare()
    passed = (datetime.now(UTC).date() - before).days
    days = [f"{before + timedelta(days=ahead):%Y%m%d}" for ahead in range(3 + passed)]
    for table in (*PARTITIONED, "notes"):
        assert await days_of(engine, table) in (days, days[passed:]), table
