"""Gets the figures of a rule: one query, bounded in its rows and its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, exists, nulls_last, select
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.alerts.conditions import content, services, spending, traffic
from callbacks.alerts.conditions.reading import Looking, Reading
from inferspect.store.alerts.tables import AlertRow

MOST_FIGURES = 500
QUERIES: dict[str, Callable[[Any, Looking], Select[Any]]] = {
    "error_rate": traffic.error_rate,
    "latency": traffic.latency,
    "cache_hit_rate": traffic.cache_hit_rate,
    "invalid_rules": traffic.invalid_rules,
    "quota": spending.quota,
    "budget": spending.budget,
    "cost": spending.cost,
    "quality": content.quality,
    "quality_thresholds": content.quality_thresholds,
    "reports": content.reports,
    "reports_overdue": services.reports_overdue,
    "guardrail_spike": content.guardrail_spike,
    "provider_down": services.provider_down,
    "spool_age": services.spool_age,
    "dead_letters": services.dead_letters,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """Figures of open alerts first, then the worst; ``cut`` says that there were more of them than are looked at."""

    readings: tuple[Reading, ...]
    cut: bool


async def measure(connection: AsyncConnection, looking: Looking, owner: str) -> Measured:
    """The figures of a rule.

    Args:
        owner: of the rule.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the query failed or took too long.
    """
    condition = looking.rule.condition
    figures = QUERIES[condition.type](condition, looking).subquery()
    worst = nulls_last(figures.c.value.asc() if condition.too_low else figures.c.value.desc())
    # An alert must not end because others are worse, nor figures of too few requests push out those that may be one.
    order = (_has_open_alert(figures, owner, looking.rule.name).desc(), (figures.c.samples < looking.rule.fewest).asc())
    query = select(figures).order_by(*order, worst).limit(MOST_FIGURES + 1)
    rows = (await connection.execute(query)).all()
    readings = tuple(
        Reading(found.tenant_id, found.value, found.samples, found.tenant_alias, found.labels)
        for found in rows[:MOST_FIGURES]
    )
    return Measured(readings, cut=len(rows) > MOST_FIGURES)


def _has_open_alert(figures: Subquery, owner: str, rule: str) -> ColumnElement[bool]:
    return exists().where(
        AlertRow.owner == owner,
        AlertRow.rule == rule,
        AlertRow.state != "resolved",
        AlertRow.tenant_id.is_not_distinct_from(figures.c.tenant_id),
        AlertRow.labels.contains(figures.c.labels),
    )
