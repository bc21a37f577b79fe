"""Writes events to ``inferspect.events``: idempotent, newest revision wins, partitions made as days come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.store.tables import SCHEMA, Event


def _upsert() -> Any:
    """One statement for all rows of all batches: compiling one for each batch held the event loop for long."""
    table = Event.__table__
    statement = insert(Event)
    kept = {"id", "occurred_at"}
    return statement.on_conflict_do_update(
        index_elements=["id", "occurred_at"],
        set_={column.name: statement.excluded[column.name] for column in table.columns if column.name not in kept},
        where=Event.revision < statement.excluded.revision,
    )


UPSERT = _upsert()


class EventWriter:
    """Upserts events; keeps in mind which days have their partition."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._days: set[date] = set()

    async def write(self, rows: Sequence[dict[str, Any]]) -> None:
        """Write rows keyed by column name in one transaction.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: nothing was written.
        """
        days = {row["occurred_at"].astimezone(UTC).date() for row in rows}
        try:
            async with self._engine.begin() as connection:
                await _make_partitions(connection, sorted(days - self._days))
                await connection.execute(UPSERT, list(rows))
        except SQLAlchemyError:
            self._days -= days  # retention, or whoever restored the database, may have taken them away
            raise
        self._days |= days


async def _make_partitions(connection: AsyncConnection, days: Sequence[date]) -> None:
    """One lock for all days.

    It keeps workers from making the same partition at once, which PostgreSQL reports as an error, and from waiting for
    each other's days in a circle, because each new partition also locks the table.
    """
    if not days:
        return
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"{SCHEMA}.events"})
    for day in days:
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        end = start + timedelta(days=1)
        await connection.execute(
            text(
                f"CREATE TABLE IF NOT EXISTS {SCHEMA}.events_{day:%Y%m%d} PARTITION OF {SCHEMA}.events"
                f" FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
            )
        )
