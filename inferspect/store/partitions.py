"""Partitions by UTC day, ``<table>_<YYYYMMDD>``: made ahead of their days, dropped by retention."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inferspect.store.tables import SCHEMA

# Whoever waits for a lock on a table holds up all that come after, so nobody waits for long.
LOCK_PATIENCE = "1s"
ATTACHED = text("""
    SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = ANY(SELECT to_regclass(name) FROM unnest(CAST(:tables AS text[])) AS name)
""")


def day_of(moment: datetime) -> date:
    """The day whose partition has the moment, which knows its time zone."""
    return moment.astimezone(UTC).date()


async def make_partitions(connection: AsyncConnection, tables: Sequence[str], days: Sequence[date]) -> None:
    """Make those that are missing, in the transaction of ``connection``; reading and writing go on meanwhile.

    One lock for all. It keeps workers from making the same partition at once, which PostgreSQL reports as an error, and
    from waiting for each other's days in a circle, because each new partition also locks its table.

    Raises:
        sqlalchemy.exc.OperationalError: somebody holds a table in a way that no partition can be added to it now.
    """
    if not await _missing(connection, tables, days):
        return
    await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE}'"))
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"{SCHEMA}.events"})
    for table, day in await _missing(connection, tables, days):
        await _make(connection, f"{SCHEMA}.{table}", day)
    await connection.execute(text("SET LOCAL lock_timeout = DEFAULT"))


async def _missing(connection: AsyncConnection, tables: Sequence[str], days: Sequence[date]) -> list[tuple[str, date]]:
    if not days:
        return []
    names = [f"{SCHEMA}.{table}" for table in tables]
    attached = set((await connection.execute(ATTACHED, {"tables": names})).scalars())
    return [(table, day) for day in sorted(days) for table in tables if f"{table}_{day:%Y%m%d}" not in attached]


async def _make(connection: AsyncConnection, table: str, day: date) -> None:
    """Attach a table: PostgreSQL would lock ``table`` against its readers to create a partition of it."""
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    end = start + timedelta(days=1)
    partition = f"{table}_{day:%Y%m%d}"
    await connection.execute(text(f"CREATE TABLE IF NOT EXISTS {partition} (LIKE {table} INCLUDING ALL)"))
    await connection.execute(
        text(
            f"ALTER TABLE {table} ATTACH PARTITION {partition}"
            f" FOR VALUES FROM ('{start.isoformat()}') TO ('{end.isoformat()}')"
        )
    )
