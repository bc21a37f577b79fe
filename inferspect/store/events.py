"""Writes events to ``inferspect.events``: idempotent, newest revision wins, partitions made as days come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.store.tables import SCHEMA, Event

PARAMETERS = 32_767  # PostgreSQL's limit for one statement
ROWS = PARAMETERS // len(Event.__table__.columns)


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
        async with self._engine.begin() as connection:
            for day in sorted(days - self._days):
                await _make_partition(connection, day)
            for start in range(0, len(rows), ROWS):
                await connection.execute(_upsert(rows[start : start + ROWS]))
        self._days |= days


async def _make_partition(connection: AsyncConnection, day: date) -> None:
    """The lock keeps two workers from making the same partition at once, which PostgreSQL reports as an error."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    name = f"{SCHEMA}.events_{day:%Y%m%d}"
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})
    await connection.execute(
        text(
            f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {SCHEMA}.events"
            f" FOR VALUES FROM ('{start.isoformat()}') TO ('{(start + timedelta(days=1)).isoformat()}')"
        )
    )


def _upsert(rows: Sequence[dict[str, Any]]) -> Any:
    statement = insert(Event).values(list(rows))
    kept = {"id", "occurred_at"}
    return statement.on_conflict_do_update(
        index_elements=["id", "occurred_at"],
        set_={
            column.name: statement.excluded[column.name]
            for column in Event.__table__.columns
            if column.name not in kept
        },
        where=Event.revision < statement.excluded.revision,
    )
