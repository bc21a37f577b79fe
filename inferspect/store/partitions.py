"""Partitions by UTC day, ``<table>_<YYYYMMDD>``: made as days come, dropped by retention."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inferspect.store.tables import SCHEMA


def day_of(moment: datetime) -> date:
    """The day whose partition has the moment, which knows its time zone."""
    return moment.astimezone(UTC).date()


async def make_partitions(connection: AsyncConnection, tables: Sequence[str], days: Sequence[date]) -> None:
    """Make those that are missing, in the transaction of ``connection``.

    One lock for all. It keeps workers from making the same partition at once, which PostgreSQL reports as an error, and
    from waiting for each other's days in a circle, because each new partition also locks its table.
    """
    if not days:
        return
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"{SCHEMA}.events"})
    for day in sorted(days):
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        end = start + timedelta(days=1)
        for table in tables:
            await connection.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {SCHEMA}.{table}_{day:%Y%m%d} PARTITION OF {SCHEMA}.{table}"
                    f" FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
                )
            )
