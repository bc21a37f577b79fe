from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from callbacks.quality.scoring import Scored, Scoring
from inferspect.events.delivery import Consumers
from inferspect.events.event import GatewayEvent
from inferspect.extension import Observer
from inferspect.observation import score_names
from inferspect.settings import LaunchSettings, Settings
from inferspect.store.address import driver_url
from inferspect.store.deliveries.outbox import Outbox
from inferspect.tenancy.lookup import TenantLookup


@pytest.fixture(autouse=True)
def names_of_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of an operator's scorers are known to the test that makes them known."""
    for names in ("_ranges", "_own_directions"):
        monkeypatch.setattr(score_names, names, dict(getattr(score_names, names)))


@pytest.fixture(scope="session")
def scoring() -> Scoring:
    """The gateway's own scorers."""
    return Scoring()


@pytest.fixture(scope="session")
def scored(scoring: Scoring) -> Callable[..., Scored]:
    """Scores an answer to a question as a process of the pool does, from what is kept of a chat completion."""

    def score(answer: Any, question: Any = "What?", **figures: Any) -> Scored:
        messages = question if isinstance(question, list) else [{"role": "user", "content": question}]
        choices = [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}]
        return scoring.score(scoring.read(figures, json.dumps(messages), json.dumps(choices)))

    return score


class Traces:
    """The consumer that makes traces, where Langfuse is set up."""

    name = "langfuse"
    batch = 1
    needs_content = False

    def wants(self, event: GatewayEvent) -> bool:
        return event.tenant_id == "traced"


@pytest.fixture
async def engine(store_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(driver_url(store_url))
    async with made.begin() as connection:
        await connection.execute(text('CREATE TABLE "LiteLLM_TeamTable" (team_id text PRIMARY KEY, metadata jsonb)'))
    yield made
    await made.dispose()


@pytest.fixture
def observer(engine: AsyncEngine) -> Observer:
    consumers = Consumers()
    consumers.add(Traces())  # type: ignore[arg-type]  # it is never delivered to
    return Observer(
        settings=Settings(),
        launch=LaunchSettings(),
        default_rules={},
        engine=engine,
        consumers=consumers,
        outbox=Outbox(engine),
        tenants=TenantLookup(engine, {}),
        listeners=[],
        retained=[],
        in_background=lambda work: work.close(),
        models=list,
        delivers=True,
    )
