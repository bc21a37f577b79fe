"""Requests become entries with their events: one each, and an amendment where more became known."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.audit.projection import AuditProjection
from inferspect.context import RequestContext, Verdict
from inferspect.events.delivery import Consumers
from inferspect.events.event import GatewayEvent, event_of
from inferspect.store.audit.completeness import CONSUMER
from inferspect.store.audit.log import AuditLog
from inferspect.store.audit.pruning import prune
from inferspect.store.deliveries.queue import ENQUEUE, due
from inferspect.store.events.projecting import name_of
from inferspect.store.events.writer import EventWriter, ShippedEvent
from inferspect.store.json_rows import as_json

Problems = Callable[..., Any]


def event(tenant_id: str | None = "acme", revision: int = 1, **values: Any) -> GatewayEvent:
    served = RequestContext(str(uuid.uuid4()), "/v1/chat/completions", "POST", "192.0.2.1")
    served.received_at = datetime(2026, 3, 1, tzinfo=UTC)
    served.verdicts = [Verdict("pii", "modify", "input"), Verdict("secrets", "pass", "input")]
    made = event_of(served, revision, complete=True)
    return replace(made, tenant_id=tenant_id, result="success", status=200, **values)


async def write(engine: AsyncEngine, audit: AuditLog, *events: GatewayEvent) -> None:
    async with engine.begin() as connection:
        await AuditProjection(audit).write(connection, events)


async def rows(engine: AsyncEngine) -> list[dict[str, Any]]:
    statement = text("SELECT * FROM inferspect.audit_log ORDER BY chain, sequence")
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def test_an_event_stored_twice_is_one_entry(engine: AsyncEngine, audit: AuditLog, problems: Problems) -> None:
    """At least once becomes exactly once."""
    one, other = event(), event(None)
    for _ in range(3):
        await write(engine, audit, one, other, one)
    assert [(row["chain"], str(row["event_id"])) for row in await rows(engine)] == [
        ("platform", other.id),
        ("tenant/acme", one.id),
    ]
    assert await problems() == []


async def test_an_entry_says_what_the_event_does(engine: AsyncEngine, audit: AuditLog) -> None:
    told = event(key_hash="a" * 64, model="m", model_served="m-1", cost=0.25, content_hash="c" * 64, end_user="e")
    await write(engine, audit, told)
    (row,) = await rows(engine)
    assert (row["key_hash"], row["model"], row["model_served"]) == ("a" * 64, "m", "m-1")
    assert (float(row["cost"]), row["content_hash"], row["address"]) == (0.25, "c" * 64, "192.0.2.1")
    assert row["details"] == {
        "end_user": "e",
        "guardrails": [{"guardrail": "pii", "decision": "modify", "code": None}],
    }


async def test_a_later_revision_amends_where_something_of_weight_changed(
    engine: AsyncEngine, audit: AuditLog, problems: Problems
) -> None:
    """The cost that came late; nothing where only the time it took is new, or the revision is an old one."""
    first = event(cost=None, revision=2)
    await write(engine, audit, first)
    await write(engine, audit, replace(first, revision=3, seconds_total=1.0))
    await write(engine, audit, replace(first, revision=4, cost=1e-7))
    await write(engine, audit, replace(first, revision=5, cost=1e-7), replace(first, revision=1, cost=9.0))
    found = await rows(engine)
    assert [(row["kind"], row["revision"]) for row in found] == [("request", 2), ("amendment", 4)]
    assert found[1]["details"]["before"] == {"cost": None}
    assert await problems() == []


async def test_a_request_that_was_stored_without_an_entry_is_found(
    engine: AsyncEngine, audit: AuditLog, problems: Problems
) -> None:
    """Unless it waits for one still; it does not matter how the one entry came to be missing."""
    assert name_of(AuditProjection(audit)) == CONSUMER
    with_log = EventWriter(engine, Consumers(projections=[AuditProjection(audit)]))
    await with_log.write([ShippedEvent(event(occurred_at=datetime.now(UTC)))])
    now = datetime.now(UTC)
    without_log = EventWriter(engine)
    missing, waiting, unknown = event(None, occurred_at=now), event(occurred_at=now), event(occurred_at=now)
    unknown = replace(unknown, result="unknown", complete=False)
    await without_log.write([ShippedEvent(one) for one in (missing, waiting, unknown)])
    async with engine.begin() as connection:
        await connection.execute(ENQUEUE, {"rows": next(iter(as_json([due(CONSUMER, waiting)])))})
    found = await problems()
    assert [(one.chain, one.wrong, missing.id in one.note) for one in found] == [("platform", "unrecorded", True)]
    assert str(found[0]).startswith(f"platform: request: unrecorded: was stored without an entry ({missing.id}")
    assert await problems(chain="tenant/acme") == []
    assert await problems(since=now + timedelta(hours=1)) == []


async def test_what_is_older_than_the_log_needs_no_entry(
    engine: AsyncEngine, audit: AuditLog, problems: Problems
) -> None:
    """Events of before there was one, and those whose entries were pruned."""
    with_log = EventWriter(engine, Consumers(projections=[AuditProjection(audit)]))
    await EventWriter(engine).write([ShippedEvent(event(occurred_at=datetime.now(UTC)))])
    await with_log.write([ShippedEvent(event(occurred_at=datetime.now(UTC))) for _ in range(2)])
    old = datetime.now(UTC)
    await with_log.write([ShippedEvent(event(occurred_at=datetime.now(UTC)))])
    assert await problems() == []
    assert await prune(engine, audit, old) == 2
    assert await problems() == []


async def test_processes_that_store_the_same_event_at_once_make_one_entry(
    engine: AsyncEngine, audit: AuditLog, problems: Problems
) -> None:
    """Such as two that adopt the spool of one that died."""
    events = [event(f"t{number % 3}") for number in range(30)]
    await asyncio.gather(*(write(engine, audit, *events[start:], *events[:start]) for start in range(0, 30, 5)))
    assert len(await rows(engine)) == 30
    assert await problems() == []
