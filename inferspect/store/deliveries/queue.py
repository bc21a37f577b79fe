"""What consumers have not got yet: rows of ``inferspect.deliveries``, leased so that no two processes deliver the same.

Who leases a row moves its ``due_at`` on; where that process dies the row is due again by itself. Only the clock of the
database counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.store.json_rows import rows_from
from inferspect.store.tables import SCHEMA

if TYPE_CHECKING:
    from inferspect.events.event import GatewayEvent

TABLE = f"{SCHEMA}.deliveries"
MOST_ATTEMPTS = 32_000  # that the column can count
LONGEST_REASON = 500
# Whoever delivers to a consumer moves the time on at which its deliveries are due, if only for those that failed.
LONG_DUE = 300
NOBODY = "nobody has come for them: no process that runs has this consumer"

# A newer revision is delivered from the start, whatever became of the earlier one.
ENQUEUE = text(f"""
    INSERT INTO {TABLE} (consumer, id, occurred_at, tenant_id, revision, reason, dead_at)
    SELECT consumer, id, occurred_at, tenant_id, revision, reason, CASE WHEN reason IS NOT NULL THEN now() END
    FROM {rows_from(TABLE)}
    ON CONFLICT (consumer, id) DO UPDATE SET revision = excluded.revision, attempts = 0, enqueued_at = now(),
        due_at = now(), reason = excluded.reason, dead_at = excluded.dead_at
    WHERE deliveries.revision < excluded.revision
""")  # noqa: S608  names of our own
LEASE = text(f"""
    WITH taken AS (
        SELECT id FROM {TABLE} WHERE consumer = :consumer AND dead_at IS NULL AND due_at <= now()
        ORDER BY due_at LIMIT :most FOR UPDATE SKIP LOCKED
    )
    UPDATE {TABLE} AS leased
    SET due_at = now() + make_interval(secs => :seconds), attempts = least(attempts + 1, {MOST_ATTEMPTS})
    FROM taken WHERE leased.consumer = :consumer AND leased.id = taken.id
    RETURNING CAST(leased.id AS text), occurred_at, tenant_id, revision, message, attempts, due_at,
        CAST(extract(epoch FROM now() - enqueued_at) AS double precision) AS age
""")  # noqa: S608  as above
EXTEND = text(f"""
    UPDATE {TABLE} SET due_at = now() + make_interval(secs => :seconds)
    WHERE consumer = :consumer AND id = ANY(CAST(:ids AS uuid[])) AND due_at = :due_at RETURNING due_at
""")  # noqa: S608  as above
# Rows are locked in the order in which they are stored, so that this and storing never wait for each other in a circle.
DONE = text(f"""
    WITH done AS (
        SELECT deliveries.id FROM {TABLE}
        JOIN json_to_recordset(CAST(:rows AS json)) AS settled(id uuid, revision int)
            ON deliveries.id = settled.id AND deliveries.revision = settled.revision
        WHERE consumer = :consumer ORDER BY deliveries.id FOR UPDATE OF deliveries
    )
    DELETE FROM {TABLE} USING done WHERE consumer = :consumer AND deliveries.id = done.id
    RETURNING CAST(extract(epoch FROM clock_timestamp() - occurred_at) AS double precision)
""")  # noqa: S608  as above
UNDONE = text(f"""
    UPDATE {TABLE} SET reason = settled.reason, dead_at = CASE WHEN settled.dead THEN now() END,
        due_at = now() + make_interval(secs => settled.pause)
    FROM json_to_recordset(CAST(:rows AS json))
        AS settled(id uuid, revision int, dead boolean, pause double precision, reason text)
    WHERE consumer = :consumer AND deliveries.id = settled.id AND deliveries.revision = settled.revision
        AND due_at = :due_at
""")  # noqa: S608  as above
WITH_WORK = text(f"""
    SELECT name FROM unnest(CAST(:names AS text[])) AS name WHERE EXISTS (
        SELECT FROM {TABLE} WHERE consumer = name AND dead_at IS NULL AND due_at <= now()
    )
""")  # noqa: S608  as above
COUNTS = text(f"""
    SELECT consumer, count(*) FILTER (WHERE dead_at IS NULL) AS waiting,
        count(*) FILTER (WHERE dead_at IS NOT NULL) AS dead,
        CAST(extract(epoch FROM now() - min(occurred_at) FILTER (WHERE dead_at IS NULL)) AS double precision) AS lag,
        CASE WHEN max(due_at) FILTER (WHERE dead_at IS NULL) < now() - make_interval(secs => {LONG_DUE})
            THEN '{NOBODY}' ELSE max(reason) FILTER (WHERE dead_at IS NULL) END AS reason
    FROM {TABLE} GROUP BY consumer ORDER BY consumer
""")  # noqa: S608  as above


@dataclass(frozen=True, slots=True)
class Leased:
    """A delivery that is this process's until ``due_at``; ``age`` is for how many seconds it has been tried."""

    id: str
    occurred_at: datetime
    tenant_id: str | None
    revision: int
    message: dict[str, Any] | None
    attempts: int
    due_at: datetime
    age: float


@dataclass(frozen=True, slots=True)
class Undone:
    """A delivery to be tried again ``pause`` seconds later, or ``dead``, and why."""

    leased: Leased
    reason: str
    pause: float = 0.0
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Backlog:
    """Deliveries of one consumer: how many wait, how many are dead, seconds since the oldest that waits began.

    ``reason`` is why one of them waits: what the consumer said, or that there is none.
    """

    consumer: str
    waiting: int
    dead: int
    lag: float | None
    reason: str | None


def due(consumer: str, event: GatewayEvent, reason: str | None = None) -> dict[str, Any]:
    """The row of a new delivery; a dead letter where there is a reason."""
    return {
        "consumer": consumer,
        "id": event.id,
        "occurred_at": event.occurred_at,
        "tenant_id": event.tenant_id,
        "revision": event.revision,
        "reason": reason,
    }


class Deliveries:
    """Statements on deliveries, each a transaction. All raise ``SQLAlchemyError`` where the database is away."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def with_work(self, consumers: Sequence[str]) -> set[str]:
        """Those of the consumers that have something due."""
        async with self._engine.connect() as connection:
            return set((await connection.execute(WITH_WORK, {"names": list(consumers)})).scalars())

    async def lease(self, consumer: str, most: int, seconds: float) -> list[Leased]:
        """Take what is due, longest first, for so many seconds. Each taking counts as an attempt."""
        async with self._engine.begin() as connection:
            rows = await connection.execute(LEASE, {"consumer": consumer, "most": most, "seconds": seconds})
            return [Leased(*row) for row in rows]

    async def extend(self, consumer: str, leased: Sequence[Leased], due_at: datetime, seconds: float) -> datetime:
        """Keep it for longer.

        Returns:
            Until when; the ``due_at`` that was given where nothing of it is this process's any more.
        """
        values = {"consumer": consumer, "ids": [one.id for one in leased], "due_at": due_at, "seconds": seconds}
        async with self._engine.begin() as connection:
            return next((moment for (moment,) in await connection.execute(EXTEND, values)), due_at)

    async def settle(
        self, consumer: str, due_at: datetime, done: Sequence[Leased], undone: Sequence[Undone]
    ) -> list[float]:
        """Delete what was delivered, unless there is a newer revision; note what was not, where the lease still holds.

        Returns:
            Seconds from the beginning of the requests until now, of those that were deleted.
        """
        lags: list[float] = []
        async with self._engine.begin() as connection:
            if done:
                rows = orjson.dumps([{"id": one.id, "revision": one.revision} for one in done]).decode()
                lags = list((await connection.execute(DONE, {"consumer": consumer, "rows": rows})).scalars())
            if undone:
                rows = orjson.dumps([_as_row(one) for one in undone]).decode()
                await connection.execute(UNDONE, {"consumer": consumer, "rows": rows, "due_at": due_at})
        return lags

    async def backlog(self) -> list[Backlog]:
        """What waits and what is dead, by consumer; counts the whole table."""
        async with self._engine.connect() as connection:
            return [Backlog(*row) for row in await connection.execute(COUNTS)]


def _as_row(one: Undone) -> dict[str, Any]:
    return {
        "id": one.leased.id,
        "revision": one.leased.revision,
        "dead": one.dead,
        "pause": one.pause,
        "reason": one.reason[:LONGEST_REASON],
    }
