"""Means of scores against the tenants' thresholds."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.quality.thresholds import DEGRADED, RECOVERED, Thresholds
from inferspect.store.partitions import day_of, make_partitions
from inferspect.store.scores.scores import ScoreRow, write_scores
from inferspect.tenancy.lookup import TenantLookup

DEFAULT = {"observation": {"quality": {"thresholds": {"Relevance": {"min": 0.6, "window": "1h", "at_least": 3}}}}}


@pytest.fixture
def thresholds(engine: AsyncEngine) -> Thresholds:
    return Thresholds(engine, TenantLookup(engine, DEFAULT), 60)


async def score(engine: AsyncEngine, *values: float, tenant: str = "a", name: str = "Relevance", ago: int = 0) -> None:
    """Responses with these scores, so many minutes ago."""
    at = datetime.now(UTC) - timedelta(minutes=ago)
    rows = [ScoreRow(str(uuid.uuid4()), at, 1, tenant, "demo", None, {name: value}) for value in values]
    async with engine.begin() as connection:
        await make_partitions(connection, ["scores"], [day_of(at)])
        await write_scores(connection, rows)


async def told(engine: AsyncEngine) -> list[tuple[Any, ...]]:
    statement = (
        "SELECT tenant_id, kind, score, round(mean::numeric, 3)::float8, responses FROM inferspect.quality_events"
    )
    async with engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(f"{statement} ORDER BY occurred_at"))]


async def set_rules(engine: AsyncEngine, tenant: str, **rules: Any) -> None:
    metadata = json.dumps({"inferspect": {"observation": {"quality": {"thresholds": rules}}}})
    async with engine.begin() as connection:
        await connection.execute(
            text(
                'INSERT INTO "LiteLLM_TeamTable" VALUES (:tenant, CAST(:metadata AS jsonb))'
                " ON CONFLICT (team_id) DO UPDATE SET metadata = excluded.metadata"
            ),
            {"tenant": tenant, "metadata": metadata},
        )


async def test_a_mean_below_its_threshold_is_told_once_and_again_when_it_is_back(
    engine: AsyncEngine, thresholds: Thresholds
) -> None:
    await score(engine, 0.5, 0.4, 0.3)
    for _ in range(3):
        await thresholds.evaluate()
    assert await told(engine) == [("a", DEGRADED, "Relevance", 0.4, 3)]
    await score(engine, 1.0, 1.0, 1.0)
    for _ in range(3):
        await thresholds.evaluate()
    assert (await told(engine))[1:] == [("a", RECOVERED, "Relevance", 0.7, 6)]


async def test_few_responses_old_ones_and_other_tenants_change_nothing(
    engine: AsyncEngine, thresholds: Thresholds
) -> None:
    await score(engine, 0.1, 0.1)
    await score(engine, 0.1, 0.1, ago=70)
    await score(engine, 0.9, 0.9, 0.9, tenant="b")
    await thresholds.evaluate()
    assert await told(engine) == []


async def test_what_is_degraded_stays_so_until_enough_responses_say_otherwise(
    engine: AsyncEngine, thresholds: Thresholds
) -> None:
    await score(engine, 0.1, 0.1, 0.1)
    await thresholds.evaluate()
    async with engine.begin() as connection:
        await connection.execute(text("DELETE FROM inferspect.scores"))
    await score(engine, 1.0)
    await thresholds.evaluate()
    assert [row[1] for row in await told(engine)] == [DEGRADED]


async def test_a_tenant_s_own_thresholds_lie_over_the_default_ones(engine: AsyncEngine, thresholds: Thresholds) -> None:
    """Higher ones too, for scores of which lower ones are better, and with a window of their own."""
    await set_rules(
        engine, "a", Relevance={"min": 0.2}, **{"Avoided Answer": {"max": 0.3, "window": "3h", "at_least": 2}}
    )
    await score(engine, 0.5, 0.5, 0.5)
    await score(engine, 1.0, 0.0, name="Avoided Answer", ago=120)
    await score(engine, 0.5, 0.5, 0.5, tenant="b")
    await thresholds.evaluate()
    assert sorted(await told(engine)) == [
        ("a", DEGRADED, "Avoided Answer", 0.5, 2),
        ("b", DEGRADED, "Relevance", 0.5, 3),
    ]


async def test_a_threshold_that_is_taken_away_ends_its_state_without_a_word(
    engine: AsyncEngine, thresholds: Thresholds
) -> None:
    own = {"Text Length": {"min": 100, "at_least": 1}}
    await set_rules(engine, "a", **own)
    await score(engine, 5.0, name="Text Length")
    await thresholds.evaluate()
    await set_rules(engine, "a")
    await thresholds.evaluate()
    await set_rules(engine, "a", **own)
    await thresholds.evaluate()
    assert [row[1] for row in await told(engine)] == [DEGRADED, DEGRADED]


async def test_two_that_evaluate_at_once_tell_once(engine: AsyncEngine) -> None:
    await score(engine, 0.1, 0.1, 0.1)
    both = [Thresholds(engine, TenantLookup(engine, DEFAULT), 60) for _ in range(2)]
    await asyncio.gather(*(each.evaluate() for each in both))
    assert len(await told(engine)) == 1
