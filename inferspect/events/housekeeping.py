"""What one process of all does for the events: makes days ready, deletes old ones, counts deliveries for metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from inferspect.events.metrics import DEAD_LETTERS, DELIVERIES_WAITING
from inferspect.store.deliveries.queue import Deliveries
from inferspect.store.events.writer import PARTITIONED
from inferspect.store.partitions import day_of, make_partitions
from inferspect.store.retention import Days, Retention

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.settings import EventSettings
    from inferspect.tenancy.lookup import TenantLookup

log = structlog.get_logger("inferspect.events")

NAME = "events"
AGAIN_EVERY = 3600.0
DAYS_AHEAD = 2
COUNT_EVERY = 15.0
TROUBLE_PAUSE = 60.0


class Housekeeping:
    """To be done by the leader of the name ``events``: see :func:`inferspect.store.leader.lead`.

    Args:
        retained: tables beside those of events that are kept as long.
        consumers: names of those that are counted also where nothing waits, as a leader that died may have said else.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        settings: EventSettings,
        tenants: TenantLookup,
        retained: Sequence[str] = (),
        consumers: Sequence[str] = (),
    ) -> None:
        self._engine = engine
        self._tables = [*PARTITIONED, *retained]
        self._retention = Retention(engine, self._tables)
        self._deliveries = Deliveries(engine)
        self._days = settings.retention_days
        self._tenants = tenants
        self._counted: set[str] = set(consumers)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._often(self.prepare, "days cannot be made ready for now"))
            group.create_task(self._often(self.clean, "old events are not deleted for now"))
            group.create_task(self._count())

    async def prepare(self) -> None:
        """Make the partitions of today and the next days, so that no writer has to at midnight.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away, or a table is held by somebody else.
        """
        for table in self._tables:
            async with self._engine.begin() as connection:
                now: datetime = (await connection.execute(text("SELECT now()"))).scalar_one()
                days = [day_of(now + timedelta(days=ahead)) for ahead in range(DAYS_AHEAD + 1)]
                await make_partitions(connection, [table], days)

    async def clean(self) -> None:
        """Delete once what is old enough.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        own = {tenant: rules.observation.retention_days for tenant, rules in (await self._tenants.all()).items()}
        others = self._tenants.default.observation.retention_days
        tenants = {tenant: min(days or self._days, self._days) for tenant, days in own.items()}
        await self._retention.enforce(Days(self._days, min(others or self._days, self._days), tenants))

    async def count(self) -> None:
        """Set the gauges.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        backlogs = {backlog.consumer: backlog for backlog in await self._deliveries.backlog()}
        self._counted |= backlogs.keys()
        for consumer in self._counted:
            backlog = backlogs.get(consumer)
            DEAD_LETTERS.labels(consumer).set(backlog.dead if backlog else 0)
            DELIVERIES_WAITING.labels(consumer).set(backlog.waiting if backlog else 0)

    async def _often(self, work: Callable[[], Awaitable[None]], trouble: str) -> None:
        while True:
            pause = AGAIN_EVERY
            try:
                await work()
            except (SQLAlchemyError, OSError) as error:
                log.warning(trouble, reason=type(error).__name__)
                pause = TROUBLE_PAUSE
            await asyncio.sleep(pause)

    async def _count(self) -> None:
        try:
            while True:
                try:
                    await self.count()
                except (SQLAlchemyError, OSError) as error:
                    log.warning("deliveries cannot be counted for now", reason=type(error).__name__)
                await asyncio.sleep(COUNT_EVERY)
        finally:
            for consumer in self._counted:  # the next leader's figures hold
                DEAD_LETTERS.labels(consumer).set(0)
                DELIVERIES_WAITING.labels(consumer).set(0)
