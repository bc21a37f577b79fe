"""Compares the means of scores with the tenants' thresholds, in one process of all.

Where a mean goes beyond its threshold, ``inferspect.quality_events`` has a row ``quality.degraded``, and where it comes
back one of ``quality.recovered``. With fewer responses in the window than the threshold asks for, nothing changes.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import Counter
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from inferspect.store.scores.scores import Mean, means_by_tenant

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from inferspect.tenancy.lookup import TenantLookup
    from inferspect.tenancy.quality_rules import QualityRules, Threshold

log = structlog.get_logger("inferspect.quality")

EVENTS = Counter(
    "inferspect_quality_events", "Means of scores that went beyond a threshold or came back.", ("kind", "score")
)
DEGRADED, RECOVERED = "quality.degraded", "quality.recovered"
Key = tuple[str, str]
"""A tenant's id and the name of a score."""

NOW = text("SELECT now()")
STATES = text("SELECT tenant_id, score FROM inferspect.quality_states")
# Two processes may lead for a moment: who changes the state tells.
BEGIN = text(
    "INSERT INTO inferspect.quality_states (tenant_id, score, degraded_at) VALUES (:tenant, :score, now())"
    " ON CONFLICT DO NOTHING RETURNING score"
)
END = text("DELETE FROM inferspect.quality_states WHERE tenant_id = :tenant AND score = :score RETURNING score")
TELL = text(
    "INSERT INTO inferspect.quality_events"
    " (id, occurred_at, tenant_id, kind, score, mean, least, most, responses, window_seconds)"
    " VALUES (:id, now(), :tenant, :kind, :score, :mean, :least, :most, :responses, :window)"
)


class Thresholds:
    """Evaluates all thresholds of all tenants.

    Args:
        every: seconds between two evaluations.
    """

    def __init__(self, engine: AsyncEngine, tenants: TenantLookup, every: float) -> None:
        self._engine = engine
        self._tenants = tenants
        self._every = every

    async def run(self) -> None:
        """Evaluate for ever."""
        while True:
            try:
                await self.evaluate()
            except (SQLAlchemyError, OSError) as error:
                log.warning("thresholds of scores are not compared for now", reason=type(error).__name__)
            await asyncio.sleep(self._every)

    async def evaluate(self) -> None:
        """Compare once, in one transaction.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: nothing was changed.
        """
        own = {tenant: rules.observation.quality for tenant, rules in (await self._tenants.all()).items()}
        default = self._tenants.default.observation.quality
        async with self._engine.begin() as connection:
            now = (await connection.execute(NOW)).scalar_one()
            beyond = {(row.tenant_id, row.score) for row in await connection.execute(STATES)}
            means = await _means(connection, [default, *own.values()], now)
            for key, threshold in _thresholds(means, own, default):
                mean = means[threshold.window][key]
                is_beyond = _is_beyond(threshold, mean)
                if is_beyond is not None and is_beyond != (key in beyond):
                    await _change(connection, key, threshold, mean, degraded=is_beyond)
            for tenant, score in beyond:
                if score not in own.get(tenant, default).thresholds:
                    await connection.execute(END, {"tenant": tenant, "score": score})  # it has no threshold any more


Means = Mapping[timedelta, Mapping[Key, Mean]]


async def _means(connection: AsyncConnection, rules: list[QualityRules], now: datetime) -> Means:
    """Means of all tenants by window: one query for each window that a threshold has."""
    names: dict[timedelta, set[str]] = defaultdict(set)
    for each in rules:
        for name, threshold in each.thresholds.items():
            names[threshold.window].add(name)
    return {window: await means_by_tenant(connection, sorted(wanted), now - window) for window, wanted in names.items()}


def _thresholds(
    means: Means, own: Mapping[str, QualityRules], default: QualityRules
) -> Iterator[tuple[Key, Threshold]]:
    """The threshold of each mean that has one."""
    for window, found in means.items():
        for tenant, score in found:
            threshold = own.get(tenant, default).thresholds.get(score)
            if threshold is not None and threshold.window == window:
                yield (tenant, score), threshold


def _is_beyond(threshold: Threshold, mean: Mean) -> bool | None:
    """Whether the mean is beyond the threshold; ``None`` where there are too few responses to tell."""
    if mean.value is None or mean.responses < threshold.at_least:
        return None
    too_low = threshold.min is not None and mean.value < threshold.min
    return too_low or (threshold.max is not None and mean.value > threshold.max)


async def _change(connection: AsyncConnection, key: Key, threshold: Threshold, mean: Mean, *, degraded: bool) -> None:
    tenant, score = key
    changed = await connection.execute(BEGIN if degraded else END, {"tenant": tenant, "score": score})
    if changed.one_or_none() is None:
        return
    kind = DEGRADED if degraded else RECOVERED
    told: dict[str, Any] = {
        "tenant": tenant,
        "kind": kind,
        "score": score,
        "mean": mean.value,
        "least": threshold.min,
        "most": threshold.max,
        "responses": mean.responses,
        "window": threshold.window.total_seconds(),
    }
    await connection.execute(TELL, {**told, "id": str(uuid.uuid4())})
    EVENTS.labels(kind, score).inc()
    log.warning("the quality of a tenant's answers has changed", **told)
