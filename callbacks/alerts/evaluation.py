"""Evaluates all rules, again and again, in the one process that leads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.alerts import metrics
from callbacks.alerts.conditions.measure import Measured, measure
from callbacks.alerts.conditions.reading import Looking
from callbacks.alerts.course import Course
from callbacks.alerts.rules import OwnedRule, rules_in_force
from inferspect.observation.alerts import AlertSettings
from inferspect.observation.reports import ReportSettings
from inferspect.store.alerts import alerts as store
from inferspect.store.deliveries.outbox import Outbox

log = structlog.get_logger("inferspect.alerts")

LEADER = "alerts"
CLEAN_UP_EVERY = 3600.0


class Evaluator:
    """Looks at every rule that is due.

    Args:
        reports: what is scheduled.
    """

    def __init__(
        self, engine: AsyncEngine, outbox: Outbox, settings: AlertSettings, reports: ReportSettings | None = None
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._course = Course(engine, outbox, settings, reports or ReportSettings())
        self._looked_at: dict[tuple[str, str], float] = {}
        self._failing: set[tuple[str, str]] = set()
        self._problems: dict[tuple[str, str], str] = {}
        self._cleaned_at = -CLEAN_UP_EVERY

    async def run(self) -> None:
        """Evaluate until cancelled; a database that is away is tried again at the next round."""
        due = time.monotonic()
        away = False
        while True:
            try:
                await self.round()
                away = False
            except (SQLAlchemyError, OSError) as error:
                if not away:
                    log.error("alert rules cannot be evaluated", reason=type(error).__name__)
                away = True
            metrics.ROUND_LAG.set(time.monotonic() - due)
            due = max(due + self._settings.every, time.monotonic())
            await asyncio.sleep(due - time.monotonic())

    async def round(self) -> None:
        """Look once at every rule that is due.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the rules cannot be read; what goes wrong with one of them does not matter
                to the others.
        """
        async with self._engine.connect() as connection:
            in_force = rules_in_force(self._settings, await store.stored_rules(connection))
            open_ = await store.rules_with_open_alerts(connection)
        self._tell_problems(in_force.problems)
        rules = in_force.rules
        for owned in rules:
            if self._is_due(owned):
                await self._look(owned)
        known = {owned.key for owned in rules}
        for key in open_:
            if key not in known:
                await self._course.end_all(*key)
        self._looked_at = {key: at for key, at in self._looked_at.items() if key in known}
        self._failing &= known
        await self._finish()

    async def _look(self, owned: OwnedRule) -> None:
        condition = owned.rule.condition.type
        try:
            measured = await self._course.look(owned)
        except Exception as error:  # noqa: BLE001  one rule must not keep the others from being evaluated
            metrics.EVALUATIONS.labels(condition, "failed").inc()
            if owned.key not in self._failing:
                told = {"rule": owned.rule.name, "tenant_id": owned.owner or None, "condition": condition}
                log.error("an alert rule cannot be evaluated", reason=reason_of(error), **told)
            self._failing.add(owned.key)
            return
        metrics.EVALUATIONS.labels(condition, "ok").inc()
        self._looked_at[owned.key] = time.monotonic()
        if owned.key in self._failing:
            log.info("an alert rule can be evaluated again", rule=owned.rule.name)
            self._failing.discard(owned.key)
        if measured.cut:
            log.warning("an alert rule has more figures than are looked at", rule=owned.rule.name)

    def _is_due(self, owned: OwnedRule) -> bool:
        at = self._looked_at.get(owned.key)
        every = owned.rule.every
        return at is None or every is None or time.monotonic() - at >= every.total_seconds()

    def _tell_problems(self, problems: Mapping[tuple[str, str], str]) -> None:
        for (owner, name), reason in problems.items():
            if self._problems.get((owner, name)) != reason:
                log.warning("an alert rule cannot be used", rule=name, tenant_id=owner or None, reason=reason)
        self._problems = dict(problems)

    async def _finish(self) -> None:
        async with self._engine.begin() as connection:
            counts = await store.counts_by_state(connection)
            now = await store.database_time(connection)
            if time.monotonic() - self._cleaned_at > CLEAN_UP_EVERY:
                self._cleaned_at = time.monotonic()
                await store.forget_history(connection, now - timedelta(days=self._settings.history_days))
        metrics.show_alerts(counts)
        metrics.EVALUATED_AT.set(now.timestamp())


async def try_out(
    engine: AsyncEngine, settings: AlertSettings, owned: OwnedRule, reports: ReportSettings | None = None
) -> Measured:
    """The figures of a rule as they are now; nothing follows from it.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the query failed or took too long.
    """
    async with engine.begin() as connection:
        now = await store.begin_reading(connection, settings.query_timeout)
        return await measure(connection, Looking(owned.rule, now, reports or ReportSettings()), owned.owner)


def reason_of(error: Exception) -> str:
    """Why a query failed, without its parameters."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0]}"[:200]
