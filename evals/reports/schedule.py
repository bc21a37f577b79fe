"""Evaluates every response in exactly one window of each suite, whatever ends this process in between.

What is done is in the store: the row of a window is written, with all that follows from it, once its report is kept. A
process that is killed before has done nothing, and the next one makes the report anew. Windows of a tenant follow each
other without gap; one that responses come to later is evaluated again, as its next revision, which holds from then on.
"""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from evals.reports.artefacts import ArtefactError, Artefacts
from evals.reports.evaluation import Evaluation, NoBaselineError, Order
from evals.reports.program import ProgramError
from evals.reports.retention import forget_old
from evals.reports.windows import Window, aligned, following
from evals.work_folder import remove_leftovers
from inferspect.configuration_file import ConfigurationError
from inferspect.store.reports.reports import (
    Changed,
    ReportRow,
    beginning_of,
    changed_windows,
    end_of_windows,
    first_response,
    goes_on,
    tenants_with_responses,
    write_report,
)

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from inferspect.observation.reports import ReportSchedule
    from inferspect.settings import Settings
    from inferspect.tenancy.lookup import TenantLookup

log = structlog.get_logger("inferspect.reports")

LEADER = "reports"
LOOK_EVERY = 30.0
LOOK_BACK_EVERY = 300.0  # for what came late: it counts the responses of days
CLEAN_UP_EVERY = 3600.0
TRIES = 2
TRIED_AGAIN = timedelta(hours=1)
AWAY = (SQLAlchemyError, psycopg.Error, OSError, ArtefactError)
CANNOT_BE_MADE = (ProgramError, ConfigurationError, NoBaselineError, psycopg.DataError, psycopg.ProgrammingError)
Key = tuple[int, str]
"""A schedule by its place in the settings, and a tenant."""


class Scheduler:
    """Makes what is due, one report at a time, the oldest window first.

    Args:
        folder: where work in progress lies.
    """

    def __init__(
        self, engine: AsyncEngine, tenants: TenantLookup, settings: Settings, artefacts: Artefacts, folder: Path
    ) -> None:
        self._engine = engine
        self._tenants = tenants
        self._settings = settings.reports
        self._retention_days = settings.events.retention_days
        self._artefacts = artefacts
        self._folder = folder
        self._evaluation = Evaluation(engine, tenants, settings.reports, artefacts, folder)

    async def run(self) -> None:
        """Look for ever; a database or an artefact store that is away is tried again."""
        remove_leftovers(self._folder)
        clock = asyncio.get_running_loop().time
        cleaned_at = looked_back_at = -CLEAN_UP_EVERY
        while True:
            try:
                look_back = clock() - looked_back_at >= LOOK_BACK_EVERY
                await self.round(look_back=look_back)
                looked_back_at = clock() if look_back else looked_back_at
                if clock() - cleaned_at >= CLEAN_UP_EVERY:
                    await forget_old(self._engine, self._tenants, self._artefacts, self._retention_days)
                    cleaned_at = clock()
            except AWAY as error:
                reason = str(error)[:300] if isinstance(error, ArtefactError) else type(error).__name__
                log.warning("reports wait", reason=reason)
            await asyncio.sleep(LOOK_EVERY)

    async def round(self, *, look_back: bool = True) -> int:
        """Make all reports that are due; returns how many windows that were.

        Args:
            look_back: whether windows that were evaluated are looked at for responses that came late.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: what is due cannot be found out.
        """
        evaluated = 0
        waiting: list[tuple[Window, Key, Order]] = []
        for place, entry in enumerate(self._settings.schedule):
            for tenant in await self._tenants_of(entry):
                for order in await self._due(entry, tenant, look_back=look_back):
                    heapq.heappush(waiting, (order.window, (place, tenant), order))
        given_up: set[Key] = set()
        while waiting:
            _, key, order = heapq.heappop(waiting)
            if key in given_up:
                continue
            try:
                await self._evaluate(order)
            except AWAY as error:
                log.warning("a report waits", suite=order.suite, tenant_id=order.tenant, reason=str(error)[:300])
                given_up.add(key)
                continue
            evaluated += 1
            if order.revision == 1:
                following_order = await self._next(self._settings.schedule[key[0]], order.tenant)
                if following_order is not None:
                    heapq.heappush(waiting, (following_order.window, key, following_order))
        return evaluated

    async def _evaluate(self, order: Order) -> None:
        """Make the report and write it; where none can be made, write why."""
        row = await self._made(order)
        async with self._engine.begin() as connection:
            written = await write_report(connection, row)
        told = {"suite": row.suite, "tenant_id": row.tenant_id, "window": str(order.window), "revision": row.revision}
        if not written:
            log.info("another process has made a report", **told)
        else:
            log.info("a window is evaluated", **told, status=row.status, responses=row.responses, failed=row.failed)

    async def _made(self, order: Order) -> ReportRow:
        for attempt in range(1, TRIES + 1):
            try:
                return await self._evaluation.make(order)
            except CANNOT_BE_MADE as error:
                if attempt == TRIES or not (isinstance(error, ProgramError) and not error.wrong_input):
                    told = {"suite": order.suite, "tenant_id": order.tenant}
                    log.error("a report cannot be made", reason=str(error)[-500:], **told)
                    return _failed(order, str(error))
            except AWAY:
                raise
            except Exception as error:  # one window must not keep all others from being evaluated
                log.exception("a report cannot be made", suite=order.suite, tenant_id=order.tenant)
                return _failed(order, f"{type(error).__name__}: {error}")
        raise AssertionError

    async def _tenants_of(self, entry: ReportSchedule) -> list[str]:
        if entry.tenants != "*":
            return list(dict.fromkeys(entry.tenants))
        async with self._engine.connect() as connection:
            since = await self._beginning(connection, entry)
            late = await _now(connection) - self._settings.late - entry.every
            return await tenants_with_responses(connection, entry.suite, since, late)

    async def _due(self, entry: ReportSchedule, tenant: str, *, look_back: bool) -> list[Order]:
        """Windows to be evaluated again, and the next one that has not been yet."""
        changed: list[Changed] = []
        if look_back:
            async with self._engine.connect() as connection:
                since = await _now(connection) - self._settings.late
                changed = await changed_windows(connection, tenant, entry.suite, since, TRIED_AGAIN)
        orders = [
            replace(_order(entry, tenant, Window(each.window_start, each.window_end)), revision=each.revision + 1)
            for each in changed
        ]
        following_order = await self._next(entry, tenant)
        return orders if following_order is None else [*orders, following_order]

    async def _next(self, entry: ReportSchedule, tenant: str) -> Order | None:
        """The first window that has not been evaluated, where it has ended and settled."""
        async with self._engine.connect() as connection:
            now = await _now(connection)
            start = await end_of_windows(connection, tenant, entry.suite)
            if start is None:
                # So early that what comes late is of one of its windows, too; never before the suite itself began.
                beginning = await self._beginning(connection, entry)
                first = await first_response(connection, tenant, beginning)
                if first is None:
                    return None
                start = aligned(max(beginning, min(first, now - self._settings.late)), entry.every)
            window = following(start, entry.every)
            due = window.end + self._settings.settle <= now and await goes_on(connection, tenant, window.start)
        return _order(entry, tenant, window) if due else None

    async def _beginning(self, connection: AsyncConnection, entry: ReportSchedule) -> datetime:
        known = await beginning_of(connection, entry.suite)
        return known or aligned(await _now(connection) - self._settings.history, entry.every)


def _order(entry: ReportSchedule, tenant: str, window: Window) -> Order:
    return Order(tenant, entry.suite, window, entry.baseline, scheduled=True)


def _failed(order: Order, reason: str) -> ReportRow:
    return ReportRow(
        tenant_id=order.tenant,
        suite=order.suite,
        window_start=order.window.start,
        window_end=order.window.end,
        revision=order.revision,
        scheduled=True,
        status="error",
        responses=0,
        baseline=order.baseline,
        reason=reason[-2000:],
    )


async def _now(connection: AsyncConnection) -> datetime:
    now: datetime = (await connection.execute(text("SELECT now()"))).scalar_one()
    return now
