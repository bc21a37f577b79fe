from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import REGISTRY
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.metrics.chosen import ChosenTenants
from callbacks.metrics.quotas import USED, QuotaFigures
from tests.events.serving import Recording, cancelled, event, execute, store, until


@pytest.fixture(autouse=True)
def nothing_told() -> Iterator[None]:
    USED.clear()
    yield
    USED.clear()


@pytest.fixture
async def teams(engine: AsyncEngine) -> None:
    """The columns of LiteLLM's table that are read."""
    await execute(
        engine,
        'CREATE TABLE "LiteLLM_TeamTable" (team_id text, team_alias text, spend float8, max_budget float8,'
        " rpm_limit bigint, tpm_limit bigint)",
    )
    for team, requests, tokens in (("a", 10, None), ("b", 100, 1000), ("c", 20, None), ("d", 5, 1), ("e", None, None)):
        await execute(
            engine,
            'INSERT INTO "LiteLLM_TeamTable" (team_id, rpm_limit, tpm_limit) VALUES (:team, :requests, :tokens)',
            team=team,
            requests=requests,
            tokens=tokens,
        )


def told() -> dict[str, float]:
    (metric,) = (one for one in REGISTRY.collect() if one.name == "inferspect_tenant_quota_used_ratio")
    return {sample.labels["tenant"]: sample.value for sample in metric.samples}


@pytest.mark.usefixtures("teams")
async def test_the_use_of_limits_by_the_minute_is_told(engine: AsyncEngine) -> None:
    """By name for tenants that have one; of the others that which uses most; who has no limit is left out."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    used = [("a", 5, 0), ("b", 5, 4000), ("c", 10, 0), ("d", 5, 0), ("e", 5, 0)]
    events = [
        event(tenant_id=tenant, total_tokens=tokens // count, occurred_at=at)
        for tenant, count, tokens in used
        for _ in range(count)
    ]
    await store(engine, Recording(), *events)
    chosen = ChosenTenants(None, 2, ())
    chosen.admit([("a", "A"), ("b", None)])
    figures = QuotaFigures(engine, chosen)
    await figures.measure()
    assert told() == {"a": pytest.approx(0.1), "b": pytest.approx(0.8), "other": pytest.approx(0.2)}
    await execute(engine, "DELETE FROM inferspect.events WHERE tenant_id = 'a'")
    await figures.measure()
    assert told()["a"] == 0


@pytest.mark.usefixtures("teams")
async def test_who_does_not_lead_any_more_tells_nothing(engine: AsyncEngine) -> None:
    """Its last figures would stand beside those of the next leader for as long as it lives."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    await store(engine, Recording(), *(event(tenant_id="a", occurred_at=at) for _ in range(5)))
    chosen = ChosenTenants(None, 2, ())
    chosen.admit([("a", "A")])

    async def is_told() -> bool:
        return told().get("a") == pytest.approx(0.1)

    leading = asyncio.create_task(QuotaFigures(engine, chosen).run())
    await until(is_told)
    await cancelled(leading)
    assert told()["a"] == 0
