from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from callbacks.langfuse_tracing.scores import ScoreConsumer
from callbacks.langfuse_tracing.traces import TraceConsumer
from inferspect.events.delivery import Content, Delivery
from inferspect.events.event import GatewayEvent
from inferspect.events.score import Score, ScoreMessage
from inferspect.observation.langfuse import LangfuseSettings
from inferspect.spans.export import Sender
from inferspect.spans.sessions import SessionTraces
from inferspect.tenancy import TenantRules
from inferspect.tenancy.langfuse_projects import Projects
from inferspect.testing.langfuse import LangfuseCollector
from tests.spans.clock import Clock
from tests.spans.events import OCCURRED, event

PUBLIC, SECRET = "pk-lf-gateway", "sk-lf-" + "gateway"
OWN_PUBLIC, OWN_SECRET = "pk-lf-own", "sk-lf-" + "own"
OWN_KEYS = {
    "public_key": "os.environ/LANGFUSE_TEAM_1_PUBLIC_KEY",
    "secret_key": "os.environ/LANGFUSE_TEAM_1_SECRET_KEY",
}
SCORES = (
    Score("Relevance", 0.8),
    Score("Language", "vi", "CATEGORICAL"),
    Score("JSON", 1, "BOOLEAN", "it was asked for"),
)
CONTENT = Content('[{"role": "user", "content": "Hello <EMAIL_ADDRESS_1>"}]', '[{"message": {"content": "Hi"}}]')


class Tenants:
    """Rules of tenants, as they would be found in the database."""

    def __init__(self) -> None:
        self.rules: dict[str | None, TenantRules] = {}

    def give(self, tenant_id: str, **langfuse: Any) -> None:
        self.rules[tenant_id] = TenantRules.model_validate({"observation": {"langfuse": langfuse}})

    def known(self, tenant_id: str | None) -> TenantRules:
        return self.rules.get(tenant_id, TenantRules())

    async def rules_of(self, tenant_id: str | None) -> TenantRules:
        return self.known(tenant_id)


@pytest.fixture(scope="module")
def collector() -> Iterator[LangfuseCollector]:
    with LangfuseCollector(keys={PUBLIC: SECRET, OWN_PUBLIC: OWN_SECRET}) as running:
        yield running


@pytest.fixture
def langfuse(collector: LangfuseCollector, monkeypatch: pytest.MonkeyPatch) -> LangfuseCollector:
    """A collector that holds nothing yet, and its keys in the environment."""
    collector.reset()
    for name in ("LANGFUSE_BASE_URL", "LANGFUSE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGFUSE_HOST", collector.url)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", PUBLIC)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", SECRET)
    monkeypatch.setenv("LANGFUSE_TEAM_1_PUBLIC_KEY", OWN_PUBLIC)
    monkeypatch.setenv("LANGFUSE_TEAM_1_SECRET_KEY", OWN_SECRET)
    return collector


@pytest.fixture
def tenants() -> Tenants:
    return Tenants()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def make(langfuse: LangfuseCollector, tenants: Tenants, clock: Clock) -> AsyncIterator[Callable[..., Any]]:
    """Makes a consumer with settings of ours; it is closed in the end."""
    made: list[Any] = []

    def make_one(kind: Any = TraceConsumer, **settings: Any) -> Any:
        chosen = LangfuseSettings.model_validate(settings)
        projects = Projects(chosen, TenantRules().observation.langfuse)
        sessions = SessionTraces("a salt key") if chosen.traces_by == "session" else None
        made.append(kind(chosen, projects, tenants, Sender(chosen.timeout, clock), sessions))
        return made[-1]

    yield make_one
    for consumer in made:
        await consumer.close()


@pytest.fixture
def consumer(make: Callable[..., Any]) -> TraceConsumer:
    found: TraceConsumer = make()
    return found


@pytest.fixture
def scores(make: Callable[..., Any]) -> ScoreConsumer:
    found: ScoreConsumer = make(ScoreConsumer)
    return found


def delivery(told: GatewayEvent | None = None, content: Content = CONTENT, **changed: Any) -> Delivery:
    """One event of a request for the consumer of traces."""
    told = told or event(**changed)
    return Delivery("langfuse", told.id, told.occurred_at, told.tenant_id, 1, told, content)


def posted(*scores: Score, number: int = 1, **changed: Any) -> Delivery:
    """What the outbox delivers of a message, after its way through JSON."""
    told = event(**{"id": str(uuid.UUID(int=number)), **changed})
    message = ScoreMessage.of(told, scores or SCORES)
    as_stored = json.loads(json.dumps(message.to_message()))
    return Delivery("langfuse-scores", message.id, OCCURRED, told.tenant_id, 1, message=as_stored)
