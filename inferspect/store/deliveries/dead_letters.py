"""Dead letters: deliveries that were given up, for a person to look at, replay or drop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.events.delivery import Content
from inferspect.events.event import GatewayEvent, NewerEventError
from inferspect.store.audit.completeness import CONSUMER as AUDIT
from inferspect.store.events.reading import contents_of, events_of
from inferspect.store.tables import DeliveryRow, Event

ROW = DeliveryRow.__table__
LISTED = [column for column in ROW.columns if column.name not in {"message", "enqueued_at", "due_at"}]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dead letters; what is ``None`` does not matter.

    Attributes:
        older_than: seconds since they died, or were enqueued.
        waiting: whether what still waits is wanted, too.
    """

    consumer: str | None = None
    tenant_id: str | None = None
    id: str | None = None
    older_than: float | None = None
    waiting: bool | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        columns = ROW.columns
        pairs = ((columns.consumer, self.consumer), (columns.tenant_id, self.tenant_id), (columns.id, self.id))
        conditions = [column == value for column, value in pairs if value is not None]
        if not self.waiting:
            conditions.append(columns.dead_at.is_not(None))
        if self.older_than is not None:
            since = func.coalesce(columns.dead_at, columns.enqueued_at)
            conditions.append(since < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, self.older_than))
        return conditions


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """All that the store has of one request."""

    event: GatewayEvent | NewerEventError
    content: Content
    deliveries: Sequence[dict[str, Any]]


class DeadLetters:
    """All methods raise ``SQLAlchemyError`` where the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def find(self, wanted: Wanted, limit: int) -> list[dict[str, Any]]:
        """The dead letters by column, the last that died first."""
        statement = select(*LISTED).where(*wanted.conditions()).order_by(ROW.columns.dead_at.desc()).limit(limit)
        async with self._engine.connect() as connection:
            return [dict(row) for row in (await connection.execute(statement)).mappings()]

    async def show(self, consumer: str, event_id: str) -> dict[str, Any] | None:
        """One with its message, or its ``event``; ``None`` where there is none."""
        statement = select(*LISTED, ROW.columns.message).where(*Wanted(consumer, None, event_id).conditions())
        async with self._engine.connect() as connection:
            row = (await connection.execute(statement)).mappings().one_or_none()
            if row is None:
                return None
            found = await events_of(connection, {event_id: row["occurred_at"]})
        event = found.get(event_id)
        return {**row, "event": event.to_row() if isinstance(event, GatewayEvent) else None}

    async def replay(self, wanted: Wanted) -> int:
        """Have them delivered again, from the first attempt on; returns how many."""
        changes = {"dead_at": None, "reason": None, "attempts": 0, "enqueued_at": func.now(), "due_at": func.now()}
        async with self._engine.begin() as connection:
            return (await connection.execute(update(DeliveryRow).where(*wanted.conditions()).values(changes))).rowcount

    async def drop(self, wanted: Wanted) -> int:
        """Delete them, but those that the audit log waits for; returns how many."""
        conditions = [*wanted.conditions(), ROW.columns.consumer != AUDIT]
        async with self._engine.begin() as connection:
            return (await connection.execute(delete(DeliveryRow).where(*conditions))).rowcount

    async def request(self, event_id: str) -> RequestRecord | None:
        """The event of a request, its content and its deliveries; ``None`` where it is not known."""
        async with self._engine.connect() as connection:
            moment: datetime | None = (
                await connection.execute(select(Event.occurred_at).where(Event.id == event_id))
            ).scalar()
            if moment is None:
                return None
            events = await events_of(connection, {event_id: moment})
            contents = await contents_of(connection, {event_id: moment})
            rows = await connection.execute(
                select(*LISTED, ROW.columns.due_at).where(ROW.columns.id == event_id).order_by(ROW.columns.consumer)
            )
            return RequestRecord(
                events[event_id], contents.get(event_id, Content()), [dict(row) for row in rows.mappings()]
            )
