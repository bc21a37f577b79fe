"""Stores events with all that follows from them in one transaction: contents, usage, projections, deliveries.

Idempotent: the newest revision of an event wins, and only one that is newer than what is there has consequences.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import orjson
import structlog
from sqlalchemy import TextClause, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.events.delivery import Consumers
from inferspect.events.event import GatewayEvent
from inferspect.events.metrics import OBSERVER_ERRORS
from inferspect.store.deliveries.queue import ENQUEUE, due
from inferspect.store.events.dates import Dates
from inferspect.store.events.projecting import project
from inferspect.store.events.usage import usage_of
from inferspect.store.json_rows import as_json, upsert
from inferspect.store.partitions import day_of, make_partitions
from inferspect.store.tables import SCHEMA, Event, EventContent, Usage
from inferspect.tenancy.lookup import TenantLookup

log = structlog.get_logger("inferspect.store")

PARTITIONED = ("events", "event_contents", "usage")


def _upsert(table: Any, returning: str = "") -> TextClause:
    return text(upsert(f"{SCHEMA}.{table.name}", [column.name for column in table.columns], returning=returning))


EVENTS = _upsert(Event.__table__, "CAST(id AS text)")
CONTENTS = _upsert(EventContent.__table__)
USAGE = _upsert(Usage.__table__)


@dataclass(frozen=True, slots=True)
class ShippedEvent:
    """An event to be stored.

    Attributes:
        content: JSON object of ``input`` and ``output``; ``None`` where it is not kept or was stored before.
        final: whether it is known how the request ended, or that nobody will know.
    """

    event: GatewayEvent
    content: bytes | None = None
    final: bool = True


class EventWriter:
    """Stores events; keeps in mind which days have their partitions.

    Args:
        consumers: to whom final events are delivered, and whose projections are written.
        tenants: looked up before consumers are asked what they want, so that rules are known then.
    """

    def __init__(
        self, engine: AsyncEngine, consumers: Consumers | None = None, tenants: TenantLookup | None = None
    ) -> None:
        self._engine = engine
        self._consumers = consumers or Consumers()
        self._tenants = tenants
        self._dates = Dates(engine)
        self._days: set[date] = set()

    async def write(self, shipped: Sequence[ShippedEvent]) -> None:
        """Store a batch in one transaction.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: nothing was stored.
        """
        batch = await self._dated(_newest(shipped))
        days = {day_of(one.event.occurred_at) for one in batch}
        if self._tenants is not None:
            await self._tenants.learn({one.event.tenant_id for one in batch if one.final})
        try:
            if days - self._days:
                async with self._engine.begin() as connection:
                    await make_partitions(connection, PARTITIONED, sorted(days - self._days))
            async with self._engine.begin() as connection:
                await self._store(connection, batch)
        except SQLAlchemyError:
            self._days -= days  # retention, or whoever restored the database, may have taken them away
            raise
        self._days |= days

    async def _dated(self, batch: list[ShippedEvent]) -> list[ShippedEvent]:
        dates = await self._dates.changed([one.event for one in batch])
        return [
            replace(one, event=replace(one.event, occurred_at=dates[one.event.id])) if one.event.id in dates else one
            for one in batch
        ]

    async def _store(self, connection: AsyncConnection, batch: list[ShippedEvent]) -> None:
        changed: set[str] = set()
        for rows in as_json([one.event for one in batch]):
            changed.update((await connection.execute(EVENTS, {"rows": rows})).scalars())
        new = [one for one in batch if one.event.id in changed]
        for rows in as_json([_content_row(one.event, one.content) for one in new if one.content is not None]):
            await connection.execute(CONTENTS, {"rows": rows})
        final = [one.event for one in new if one.final]
        for rows in as_json([row for event in final if (row := usage_of(event)) is not None]):
            await connection.execute(USAGE, {"rows": rows})
        failed = await project(connection, self._consumers.projections, final)
        wanted = [row for event in final for row in self._wanted(event)]
        for rows in as_json(sorted([*failed, *wanted], key=lambda row: (row["consumer"], row["id"]))):
            await connection.execute(ENQUEUE, {"rows": rows})

    def _wanted(self, event: GatewayEvent) -> list[dict[str, Any]]:
        """Deliveries of the event. A consumer that cannot say whether it wants it gets a dead letter."""
        rows = []
        for consumer in self._consumers.consumers:
            try:
                if consumer.wants(event):
                    rows.append(due(consumer.name, event))
            except Exception as error:  # an observer's mistake hurts neither the event nor the others
                OBSERVER_ERRORS.labels(consumer.name, "wants").inc()
                log.exception("a consumer cannot tell whether it wants an event", consumer=consumer.name)
                rows.append(due(consumer.name, event, f"whether it is wanted cannot be told: {type(error).__name__}"))
        return rows


def _newest(shipped: Sequence[ShippedEvent]) -> list[ShippedEvent]:
    """One of each event, in the order in which all workers lock rows, so that none waits for another in a circle."""
    newest: dict[str, ShippedEvent] = {}
    for one in shipped:
        known = newest.get(one.event.id)
        if known is None or known.event.revision < one.event.revision:
            newest[one.event.id] = one
    return [newest[name] for name in sorted(newest)]


def _content_row(event: GatewayEvent, content: bytes) -> dict[str, Any]:
    parts = _parts(content)
    return {
        "id": event.id,
        "occurred_at": event.occurred_at,
        "revision": event.revision,
        "tenant_id": event.tenant_id,
        "input": parts.get("input"),
        "output": parts.get("output"),
    }


def _parts(content: bytes) -> dict[str, str]:
    """Each part as a JSON text; without those that are null."""
    try:
        return {name: orjson.dumps(part).decode() for name, part in orjson.loads(content).items() if part is not None}
    except ValueError:  # JSON that orjson does not take, such as half of a surrogate pair
        return {name: json.dumps(part) for name, part in json.loads(content).items() if part is not None}
