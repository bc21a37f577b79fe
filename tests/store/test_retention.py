from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.events.delivery import Consumers
from inferspect.events.housekeeping import Housekeeping
from inferspect.events.metrics import DEAD_LETTERS, DELIVERIES_WAITING
from inferspect.settings import EventSettings
from inferspect.store import retention as module
from inferspect.store.events.writer import EventWriter, ShippedEvent
from inferspect.store.partitions import make_partitions
from inferspect.store.retention import Days, Retention
from inferspect.tenancy.lookup import TenantLookup
from tests.events.serving import Recording, event, execute, rows

TABLES = ("events", "event_contents", "usage")


async def store(engine: AsyncEngine, *ages: float, tenant: str | None = None) -> None:
    """Events of so many days ago, with content, usage and a delivery each."""
    now = datetime.now(UTC)
    events = [event(occurred_at=now - timedelta(days=age), tenant_id=tenant) for age in ages]
    writer = EventWriter(engine, Consumers([Recording()]))
    await writer.write([ShippedEvent(one, b'{"input": "a"}') for one in events])


async def ages(engine: AsyncEngine, table: str, tenant: str | None = None) -> list[int]:
    """Of all rows of a table, in whole days."""
    found = await rows(
        engine,
        f"SELECT round(extract(epoch FROM now() - occurred_at) / 86400)::int AS age FROM inferspect.{table}"  # noqa: S608
        " WHERE tenant_id IS NOT DISTINCT FROM CAST(:tenant AS text) ORDER BY 1",
        tenant=tenant,
    )
    return [row["age"] for row in found]


async def partitions(engine: AsyncEngine, table: str) -> int:
    (found,) = await rows(
        engine,
        "SELECT count(*) AS n FROM pg_inherits WHERE inhparent = to_regclass(:table)",
        table=f"inferspect.{table}",
    )
    return int(found["n"])


async def test_whole_days_are_dropped_when_they_are_old_enough(engine: AsyncEngine) -> None:
    """With contents, usage and deliveries; a day of which a part is to be kept stays."""
    await store(engine, 0, 1, 9, 9.9, 11.1, 40)
    await Retention(engine, TABLES).enforce(Days(10, 10))
    for table in (*TABLES, "deliveries"):
        assert max(await ages(engine, table)) <= 10, table
    for table in TABLES:
        assert len(await ages(engine, table)) == 4, table
        assert await partitions(engine, table) <= 4


async def test_today_is_never_dropped(engine: AsyncEngine) -> None:
    """Not even where only one day is kept."""
    await store(engine, 0, 3)
    await Retention(engine, TABLES).enforce(Days(1, 1))
    assert await ages(engine, "events") == [0]


async def test_tenants_that_keep_less_lose_theirs_earlier(engine: AsyncEngine) -> None:
    """To the second, and nobody else's. What comes late, as out of an old spool, goes the next time."""
    for tenant in ("short", "long", None):
        await store(engine, 0, 2.9, 3.1, 8, tenant=tenant)
    retention = Retention(engine, TABLES)
    await retention.enforce(Days(30, 30, {"short": 3}))
    for table in (*TABLES, "deliveries"):
        assert await ages(engine, table, "short") == [0, 3], table
        assert await ages(engine, table, "long") == [0, 3, 3, 8], table
        assert await ages(engine, table) == [0, 3, 3, 8], table
    await retention.enforce(Days(30, 5, {"short": 3, "long": 30}))
    assert await ages(engine, "events") == [0, 3, 3]
    assert await ages(engine, "events", "long") == [0, 3, 3, 8]


async def test_a_day_without_anything_to_delete_is_not_looked_through_again(engine: AsyncEngine) -> None:
    """Otherwise each hour would read the whole store."""
    from sqlalchemy import event as sqlalchemy_event  # noqa: PLC0415  its name is that of ours

    await store(engine, 0, 5, 8, tenant="short")
    retention = Retention(engine, ["events"])
    days = Days(30, 30, {"short": 3})
    await retention.enforce(days)
    deletes: list[str] = []
    sqlalchemy_event.listen(
        engine.sync_engine, "before_cursor_execute", lambda *call: deletes.append(call[2]) if "DELETE" in call[2] else 0
    )
    await retention.enforce(days)
    assert not [statement for statement in deletes if "events_" in statement]


async def test_a_partition_that_is_being_read_is_dropped_later(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits for its lock for long would hold up all who write."""
    monkeypatch.setattr(module, "LOCK_PATIENCE", "50ms")
    await store(engine, 0, 40)
    retention = Retention(engine, TABLES)
    async with engine.connect() as reader:
        await reader.execute(text("SELECT count(*) FROM inferspect.events"))
        await retention.enforce(Days(10, 10))
        assert await partitions(engine, "events") == 2
        assert await partitions(engine, "usage") == 1
    await retention.enforce(Days(10, 10))
    assert await partitions(engine, "events") == 1


async def test_writing_goes_on_while_days_are_dropped(engine: AsyncEngine) -> None:
    """Neither waits for the other in a circle."""
    await store(engine, *range(20, 40))
    await asyncio.gather(Retention(engine, TABLES).enforce(Days(10, 10)), *(store(engine, 0, 1) for _ in range(20)))
    assert await ages(engine, "events") == [0] * 20 + [1] * 20


async def test_rules_say_for_how_long_each_tenant_keeps(engine: AsyncEngine) -> None:
    """Its own rules over the default ones, never longer than the gateway; tables of others are kept as long."""
    await execute(engine, 'CREATE TABLE "LiteLLM_TeamTable" (team_id text, metadata jsonb)')
    for team, days in (("short", 3), ("long", 300)):
        metadata: dict[str, Any] = {"inferspect": {"observation": {"retention_days": days}}}
        await execute(
            engine,
            'INSERT INTO "LiteLLM_TeamTable" VALUES (:team, CAST(:metadata AS jsonb))',
            team=team,
            metadata=json.dumps(metadata),
        )
        await store(engine, 2, 4, 8, 20, tenant=team)
    await store(engine, 2, 4, 8, 20)
    await execute(
        engine,
        "CREATE TABLE inferspect.notes (occurred_at timestamptz, tenant_id text) PARTITION BY RANGE (occurred_at)",
    )
    now = datetime.now(UTC)
    async with engine.begin() as connection:
        await make_partitions(connection, ["notes"], [(now - timedelta(days=age)).date() for age in (0, 40)])
    tenants = TenantLookup(engine, {"observation": {"retention_days": 6}})
    await Housekeeping(engine, EventSettings(retention_days=15), tenants, ["notes"]).clean()
    assert await ages(engine, "events", "short") == [2]
    assert await ages(engine, "events", "long") == [2, 4, 8]
    assert await ages(engine, "events") == [2, 4]
    assert await partitions(engine, "notes") == 1


async def test_what_waits_and_what_is_dead_is_counted(engine: AsyncEngine) -> None:
    """By consumer; one that has nothing any more, or never had, has zero."""
    await store(engine, 0, 0, 0)
    await execute(
        engine,
        "UPDATE inferspect.deliveries SET dead_at = now() WHERE id IN (SELECT id FROM inferspect.deliveries LIMIT 1)",
    )
    housekeeping = Housekeeping(engine, EventSettings(), TenantLookup(engine, {}), consumers=["test", "idle"])
    DELIVERIES_WAITING.labels("idle").set(900)  # as a leader said that was killed

    def figures() -> tuple[float, float]:
        return (
            DELIVERIES_WAITING.labels("test")._value.get(),  # noqa: SLF001  the client has no other way
            DEAD_LETTERS.labels("test")._value.get(),  # noqa: SLF001  as above
        )

    await housekeeping.count()
    assert figures() == (2, 1)
    assert DELIVERIES_WAITING.labels("idle")._value.get() == 0  # noqa: SLF001  as above
    await execute(engine, "DELETE FROM inferspect.deliveries")
    await housekeeping.count()
    assert figures() == (0, 0)
