"""Deletes what has been kept long enough: whole days of the gateway, and rows of tenants that keep less."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import orjson
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.store.deliveries.queue import TABLE as DELIVERIES
from inferspect.store.partitions import LOCK_PATIENCE
from inferspect.store.tables import SCHEMA

log = structlog.get_logger("inferspect.store")

LOCK_NOT_AVAILABLE = "55P03"
PARTITIONS = text(
    "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid"
    " WHERE inhparent = to_regclass(:table) ORDER BY 1"
)
KEPT = "make_interval(days => coalesce(CAST(CAST(:tenants AS jsonb) ->> tenant_id AS int), :others))"


@dataclass(frozen=True, slots=True)
class Days:
    """For how long rows are kept, in days.

    Attributes:
        gateway: of all, at most.
        others: of tenants that are not in ``tenants``.
    """

    gateway: int
    others: int
    tenants: Mapping[str, int] = field(default_factory=dict)

    @property
    def shortest(self) -> int:
        return min([self.others, *self.tenants.values()])

    def reached(self, start: datetime, now: datetime) -> tuple[frozenset[int], bool]:
        """For a day that begins at ``start``: which periods are over for all of it, and whether any is for a part."""
        ages = {days: now - timedelta(days=days) for days in {self.others, *self.tenants.values()}}
        end = start + timedelta(days=1)
        whole = frozenset(days for days, limit in ages.items() if end <= limit)
        return whole, any(start < limit < end for limit in ages.values())


class Retention:
    """Deletes, and keeps in mind which days need not be looked through again.

    Args:
        tables: partitioned by day of ``occurred_at``, with a ``tenant_id``.
    """

    def __init__(self, engine: AsyncEngine, tables: Sequence[str]) -> None:
        self._engine = engine
        self._tables = tables
        self._looked_through: dict[str, tuple[object, ...]] = {}

    async def enforce(self, days: Days) -> None:
        """Delete what is older, each day in a transaction of its own.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away; the rest is deleted the next time.
        """
        async with self._engine.connect() as connection:
            now: datetime = (await connection.execute(text("SELECT now()"))).scalar_one()
        dropped, rows = [], 0
        for table in self._tables:
            for name, start in await self._partitions(table):
                if start.date() < (now - timedelta(days=days.gateway)).astimezone(UTC).date():
                    dropped += [name] if await self._drop(name) else []
                else:
                    rows += await self._delete(name, start, now, days)
        rows += await self._delete_deliveries(days)
        if dropped or rows:
            log.info("what has been kept long enough is deleted", partitions=dropped, rows=rows)

    async def _partitions(self, table: str) -> list[tuple[str, datetime]]:
        async with self._engine.connect() as connection:
            names = (await connection.execute(PARTITIONS, {"table": f"{SCHEMA}.{table}"})).scalars().all()
        return [(name, start) for name in names if (start := _day(table, name)) is not None]

    async def _drop(self, name: str) -> bool:
        """Drop a partition; whether it worked. One that is being read is left for the next time."""
        try:
            async with self._engine.begin() as connection:
                await connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE}'"))
                await connection.execute(text(f"DROP TABLE IF EXISTS {SCHEMA}.{name}"))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                raise
            log.warning("a partition is in use and is dropped later", partition=name)
            return False
        self._looked_through.pop(name, None)
        return True

    async def _delete(self, name: str, start: datetime, now: datetime, days: Days) -> int:
        whole, partly = days.reached(start, now)
        if not whole and not partly:
            return 0
        # Once a day nevertheless: events may come late, out of the spool of a machine that was off.
        state = (now.date(), whole, days)
        if not partly and self._looked_through.get(name) == state:
            return 0
        async with self._engine.begin() as connection:
            deleted = await _delete_from(connection, f"{SCHEMA}.{name}", days)
        self._looked_through[name] = state
        return deleted

    async def _delete_deliveries(self, days: Days) -> int:
        async with self._engine.begin() as connection:
            return await _delete_from(connection, DELIVERIES, days)


async def _delete_from(connection: AsyncConnection, table: str, days: Days) -> int:
    others = min(days.others, days.gateway)
    values = {"tenants": orjson.dumps(dict(days.tenants)).decode(), "others": others}
    statement = text(f"DELETE FROM {table} WHERE occurred_at < now() - {KEPT}")  # noqa: S608  names of our own
    return (await connection.execute(statement, values)).rowcount


def _day(table: str, partition: str) -> datetime | None:
    """The beginning of a partition's day; ``None`` where it is none that we have made."""
    match = re.fullmatch(rf"{table}_(\d{{4}})(\d\d)(\d\d)", partition)
    if match is None:
        return None
    day = date(*map(int, match.groups()))
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
