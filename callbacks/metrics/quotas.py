"""How much of its limits by the minute each tenant uses, as the alert condition ``quota`` measures it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import structlog
from prometheus_client import Gauge
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.alerts.conditions.reading import Looking
from callbacks.alerts.conditions.spending import quota
from callbacks.metrics.chosen import ChosenTenants
from inferspect.labels.names import OTHER, label
from inferspect.observation.alert_conditions import Quota
from inferspect.observation.alert_rules import AlertRule

log = structlog.get_logger("callbacks.metrics")

LEADER = "quotas"
MEASURED_EVERY = 15.0  # seconds
PATIENCE = "10s"
CONDITION = Quota(type="quota")
RULE = AlertRule(name="quota", condition=CONDITION, scope="per_tenant")

USED = Gauge(
    "inferspect_tenant_quota_used_ratio",
    "Share of its requests or tokens a minute that a tenant has used in the last five minutes, the larger of both; of "
    "all others the one that has used most.",
    ("tenant", "tenant_alias"),
    multiprocess_mode="livemostrecent",
)


class QuotaFigures:
    """Tells the figures; one process of all does, see :func:`inferspect.store.leader.lead`.

    Args:
        chosen: the tenants that have a name.
    """

    def __init__(self, engine: AsyncEngine, chosen: ChosenTenants) -> None:
        self._engine = engine
        self._chosen = chosen
        self._told: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        unknown = False
        try:
            while True:
                try:
                    await self.measure()
                    unknown = False
                except (SQLAlchemyError, OSError) as error:
                    if not unknown:
                        log.warning("the use of quotas is not known for now", reason=type(error).__name__)
                    unknown = True
                await asyncio.sleep(MEASURED_EVERY)
        finally:
            self._tell({})  # the next leader's figures hold

    async def measure(self) -> None:
        """Measure once.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away, takes too long, or has no teams yet.
        """
        async with self._engine.begin() as connection:
            await connection.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
            now = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
            rows = await connection.execute(quota(CONDITION, Looking(RULE, now)))
            used = self._by_labels((row.tenant_id, row.value) for row in rows)
        self._tell(used)

    def _tell(self, used: Mapping[tuple[str, str], float]) -> None:
        for labels in self._told | used.keys():
            USED.labels(*labels).set(used.get(labels, 0.0))
        self._told |= used.keys()

    def _by_labels(self, values: Iterable[tuple[str, float | None]]) -> dict[tuple[str, str], float]:
        used: dict[tuple[str, str], float] = {}
        names = self._chosen.names
        for tenant, value in values:
            labels = (label(tenant), label(names[tenant] or "")) if tenant in names else (OTHER, "")
            used[labels] = max(used.get(labels, 0.0), value or 0.0)
        return used
