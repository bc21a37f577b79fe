"""Gets the figures of a rule: one query, bounded in its rows and its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, nulls_last
from sqlalchemy.ext.asyncio import AsyncConnection

from callbacks.alerts.conditions import content, services, spending, traffic
from callbacks.alerts.conditions.reading import Looking, Reading

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
    "guardrail_spike": content.guardrail_spike,
    "provider_down": services.provider_down,
    "spool_age": services.spool_age,
    "dead_letters": services.dead_letters,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """The worst figures of a rule first; ``cut`` says that there were more of them than are looked at."""

    readings: tuple[Reading, ...]
    cut: bool


async def measure(connection: AsyncConnection, looking: Looking) -> Measured:
    """The figures of a rule.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the query failed or took too long.
    """
    condition = looking.rule.condition
    query = QUERIES[condition.type](condition, looking)
    value, samples = query.selected_columns["value"], query.selected_columns["samples"]
    worst = nulls_last(value.asc() if condition.too_low else value.desc())
    # Figures of too few requests to be an alert must not push those out that may be one.
    ordered = query.order_by((samples < looking.rule.fewest).asc(), worst)
    rows = (await connection.execute(ordered.limit(MOST_FIGURES + 1))).all()
    readings = tuple(
        Reading(found.tenant_id, found.value, found.samples, found.tenant_alias, found.labels)
        for found in rows[:MOST_FIGURES]
    )
    return Measured(readings, cut=len(rows) > MOST_FIGURES)
