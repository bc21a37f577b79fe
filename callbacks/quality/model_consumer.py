"""The consumer ``quality-models``: models of the gateway score a sample of the responses, too.

It is a consumer of its own, so that a model that is slow or away delays no other score.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import text

from callbacks.quality import judge
from callbacks.quality.gateway_client import AwayError, GatewayClient, OverBudgetError, RefusedError
from callbacks.quality.reading import ContentCutError, read_input, read_output
from callbacks.quality.sampling import is_sampled
from callbacks.quality.storing import ScoredEvent, ScoreStore
from inferspect.events.delivery import DONE, Content, Delivered, Delivery, Rejected, Retry
from inferspect.observation.score_names import OF_EMBEDDINGS
from inferspect.store.scores.scores import ScoreRow

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.events.event import GatewayEvent
    from inferspect.observation.quality import QualityModelSettings
    from inferspect.tenancy.lookup import TenantLookup

BATCH = 8
NOT_YET = 2.0
LONGEST_EMBEDDED = 8_000
NEEDS = {
    "Toxicity": ("answer",),
    "Relevance (judge)": ("question", "answer"),
    "Grounded in Context (judge)": ("context", "answer"),
    OF_EMBEDDINGS[0]: ("question", "answer"),
}
REASONS: dict[type[Exception], str] = {
    OverBudgetError: "over_budget",
    RefusedError: "model_refused",
    judge.UnclearError: "judge_unclear",
}
KNOWN = text("SELECT skipped, scores, skips FROM inferspect.scores WHERE id = :id AND occurred_at = :occurred_at")


class ModelConsumer:
    """Asks models, and adds what they say to the response's row."""

    name = "quality-models"
    needs_content = True
    batch = BATCH

    def __init__(
        self,
        settings: QualityModelSettings,
        engine: AsyncEngine,
        tenants: TenantLookup,
        store: ScoreStore,
        *,
        client: GatewayClient,
        own_key: str,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._tenants = tenants
        self._store = store
        self._client = client
        self._own_key = own_key

    def wants(self, event: GatewayEvent) -> bool:
        if event.result not in {"success", "cached"} or event.key_hash == self._own_key:
            return False
        rules = self._tenants.known(event.tenant_id).observation.quality
        is_allowed = rules.enabled and rules.models and is_sampled(event.id, rules.sample, "quality")
        return is_allowed and bool(self._names(event.id))

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        return await asyncio.gather(*(self._deliver(delivery) for delivery in deliveries))

    async def close(self) -> None:
        await self._client.close()

    def _names(self, event_id: str) -> list[str]:
        """Scores that models give to this response."""
        asked, compared = self._settings.judge, self._settings.embeddings
        names = list(asked.scores) if asked and is_sampled(event_id, asked.sample, "judge") else []
        return names + list(OF_EMBEDDINGS if compared and is_sampled(event_id, compared.sample, "embeddings") else ())

    async def _deliver(self, delivery: Delivery) -> Delivered:
        event = delivery.event
        if event is None:
            return Rejected("no request")
        rules = (await self._tenants.rules_of(delivery.tenant_id)).observation
        if not rules.quality.models or rules.content == "none":
            return DONE  # forbidden in the meantime
        async with self._engine.connect() as connection:
            place = {"id": event.id, "occurred_at": event.occurred_at}
            known = (await connection.execute(KNOWN, place)).one_or_none()
        if known is None:
            return Retry("the response has no scores yet", NOT_YET)
        names = [name for name in self._names(event.id) if name not in known.scores and name not in known.skips]
        if known.skipped is not None or not names:
            return DONE
        texts = await asyncio.to_thread(_texts, delivery)
        row = ScoreRow(event.id, event.occurred_at, event.revision, event.tenant_id, event.model)
        row.skips.update({name: reason for name in names if (reason := _missing(name, texts, delivery.content))})
        away = await self._score([name for name in names if name not in row.skips], texts, row)
        # What one model said is kept though the other one is away: it has been paid for.
        if (row.scores or row.skips) and not await self._store.add(ScoredEvent(event, row)):
            return Retry("the response has no scores", NOT_YET)
        return DONE if away is None else Retry(str(away), away.after)

    async def _score(self, names: list[str], texts: dict[str, str], row: ScoreRow) -> AwayError | None:
        """Add to the row what the models say, or why they do not; returns why one of them is to be asked again."""
        judged = [name for name in names if name not in OF_EMBEDDINGS]
        compared = [name for name in names if name in OF_EMBEDDINGS]
        away = None
        if judged and self._settings.judge is not None:
            away = await _told(row, judged, self._judged(self._settings.judge.model, judged, texts))
        if compared and self._settings.embeddings is not None:
            last = await _told(row, compared, self._compared(self._settings.embeddings.model, texts))
            away = away or last
        return away

    async def _judged(self, model: str, names: list[str], texts: dict[str, str]) -> dict[str, float]:
        answer = await self._client.chat(model, judge.messages(names, texts), judge.ANSWER_TOKENS)
        return judge.parsed(names, answer)

    async def _compared(self, model: str, texts: dict[str, str]) -> dict[str, float]:
        (name,) = OF_EMBEDDINGS
        pair = [texts[each][:LONGEST_EMBEDDED] for each in ("question", "answer")]
        return {name: _cosine(*await self._client.embeddings(model, pair))}


async def _told(row: ScoreRow, names: list[str], saying: Awaitable[dict[str, float]]) -> AwayError | None:
    """Add what a model says to the row, or why it says nothing; returns the error of one that may say it later."""
    try:
        row.scores.update(await saying)
    except AwayError as error:
        return error
    except (OverBudgetError, RefusedError, judge.UnclearError) as error:
        row.skips.update(dict.fromkeys(names, REASONS[type(error)]))
    return None


def _texts(delivery: Delivery) -> dict[str, str]:
    asked = read_input(delivery.content.input)
    try:
        answer = read_output(delivery.content.output)
    except ContentCutError:
        answer = ""
    return {"question": asked.question, "context": "\n".join(asked.contexts), "answer": answer}


def _missing(name: str, texts: dict[str, str], content: Content) -> str | None:
    if content == Content():
        return "no_content"
    return next((f"no_{need}" for need in NEEDS[name] if not texts[need].strip()), None)


def _cosine(first: list[float], second: list[float]) -> float:
    """The cosine of the angle between two vectors; 0 where it is more than a right one."""
    lengths = math.hypot(*first) * math.hypot(*second)
    product = sum(one * other for one, other in zip(first, second, strict=False))
    return round(min(1.0, max(0.0, product / lengths)), 6) if lengths else 0.0
