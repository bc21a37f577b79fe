from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from inferspect.store.address import driver_url
from inferspect.tenancy import lookup as module
from inferspect.tenancy.lookup import TenantLookup

DEFAULTS = {"models": {"allowed": ["default"]}}


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(driver_url(database_url))
    yield made
    await made.dispose()


@pytest.fixture
async def teams(engine: AsyncEngine) -> None:
    """LiteLLM's table, as far as it matters here."""
    async with engine.begin() as connection:
        await connection.execute(
            text('CREATE TABLE "LiteLLM_TeamTable" (team_id text PRIMARY KEY, metadata jsonb NOT NULL)')
        )


async def team(engine: AsyncEngine, team_id: str, rules: Any) -> None:
    async with engine.begin() as connection:
        await connection.execute(
            text(
                'INSERT INTO "LiteLLM_TeamTable" VALUES (:id, :metadata)'
                " ON CONFLICT (team_id) DO UPDATE SET metadata = excluded.metadata"
            ),
            {"id": team_id, "metadata": json.dumps({"inferspect": rules} if rules is not None else {})},
        )


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is known is recent."""
    monkeypatch.setattr(module, "FRESH_FOR", -1.0)


@pytest.mark.usefixtures("teams")
async def test_rules_of_a_team_lie_over_the_default_rules(engine: AsyncEngine) -> None:
    """A team without rules, one that does not exist and no team at all have the default ones."""
    await team(engine, "own", {"observation": {"retention_days": 3}})
    await team(engine, "plain", None)
    lookup = TenantLookup(engine, DEFAULTS)
    own = await lookup.rules_of("own")
    assert own.observation.retention_days == 3
    assert own.models.allowed == ("default",)
    for tenant in ("plain", "nobody", "default", None):
        assert await lookup.rules_of(tenant) is lookup.default


async def test_before_litellm_has_made_its_tables_there_are_no_tenants(engine: AsyncEngine) -> None:
    """As when a worker is started before the first gateway."""
    lookup = TenantLookup(engine, DEFAULTS)
    assert await lookup.rules_of("someone") is lookup.default
    assert await lookup.all() == {}


@pytest.mark.usefixtures("teams")
async def test_one_query_serves_all_who_ask_at_once(engine: AsyncEngine) -> None:
    """And none is made for what is known."""
    queries = []
    lookup = TenantLookup(engine, DEFAULTS)
    from sqlalchemy import event  # noqa: PLC0415  only here

    event.listen(engine.sync_engine, "before_cursor_execute", lambda *call: queries.append(call[2]))
    await asyncio.gather(*(lookup.rules_of("someone") for _ in range(20)))
    await lookup.learn(["someone", None, "default"])
    assert len([query for query in queries if "TeamTable" in query]) == 1


@pytest.mark.usefixtures("teams", "impatient")
async def test_a_change_is_seen(engine: AsyncEngine) -> None:
    """By who waits at once, by who does not at the next call."""
    await team(engine, "own", {"observation": {"content": "redacted"}})
    lookup = TenantLookup(engine, DEFAULTS)
    assert (await lookup.rules_of("own")).observation.content == "redacted"
    await team(engine, "own", {"observation": {"content": "none"}})
    assert lookup.known("own").observation.content == "redacted"
    while lookup.known("own").observation.content != "none":
        await asyncio.sleep(0.01)


@pytest.mark.usefixtures("teams", "impatient")
async def test_invalid_rules_leave_the_earlier_ones_in_force(engine: AsyncEngine) -> None:
    """Who had none keeps its content to itself, as nobody knows what it wanted."""
    await team(engine, "own", {"observation": {"retention_days": 3}})
    lookup = TenantLookup(engine, DEFAULTS)
    await lookup.rules_of("own")
    for name in ("own", "new"):
        await team(engine, name, {"observation": {"retention_days": "soon"}})
    assert (await lookup.rules_of("own")).observation.retention_days == 3
    assert (await lookup.rules_of("new")).observation.content == "none"
    assert lookup.default.observation.content == "redacted"


@pytest.mark.usefixtures("teams", "impatient")
async def test_while_the_database_is_away_what_is_known_holds(engine: AsyncEngine) -> None:
    """Of an unknown tenant nothing is guessed: whoever asks tries again later."""
    await team(engine, "own", {"observation": {"retention_days": 3}})
    lookup = TenantLookup(engine, DEFAULTS)
    await lookup.rules_of("own")
    lookup._engine = create_async_engine(driver_url("postgresql://u:p@127.0.0.1:1/d"))  # noqa: SLF001
    assert (await lookup.rules_of("own")).observation.retention_days == 3
    with pytest.raises((SQLAlchemyError, OSError)):
        await lookup.rules_of("unknown")


@pytest.mark.usefixtures("teams")
async def test_all_tenants_with_rules_are_listed(engine: AsyncEngine) -> None:
    await team(engine, "own", {"observation": {"retention_days": 3}})
    await team(engine, "plain", None)
    rules = await TenantLookup(engine, DEFAULTS).all()
    assert {tenant: own.observation.retention_days for tenant, own in rules.items()} == {"own": 3}
