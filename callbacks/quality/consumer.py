"""The consumer ``quality``: each successful response is scored, or has a row that says why not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import OperationalError

from callbacks.quality.figures import figures_of
from callbacks.quality.pool import PoolError, Result, ScoringPool, Unscored
from callbacks.quality.sampling import is_sampled
from callbacks.quality.storing import ScoredEvent, ScoreStore
from inferspect.events.delivery import DONE, Delivered, Delivery, Rejected, Retry
from inferspect.store.scores.scores import ScoreRow

if TYPE_CHECKING:
    from inferspect.events.event import GatewayEvent
    from inferspect.observation.quality import QualitySettings
    from inferspect.tenancy.lookup import TenantLookup
    from inferspect.tenancy.rules import TenantRules

log = structlog.get_logger("inferspect.quality")

SUCCESSFUL = frozenset({"success", "cached"})


class QualityConsumer:
    """Scores responses in a pool of processes and stores the scores.

    Args:
        own_key: hash of the key that the scorers' own models are called with, whose responses are not scored.
    """

    name = "quality"
    needs_content = True

    def __init__(
        self,
        settings: QualitySettings,
        tenants: TenantLookup,
        store: ScoreStore,
        pool: ScoringPool,
        own_key: str | None = None,
    ) -> None:
        self.batch = settings.batch
        self._settings = settings
        self._tenants = tenants
        self._store = store
        self._pool = pool
        self._own_key = own_key

    def wants(self, event: GatewayEvent) -> bool:
        return self._settings.enabled and event.result in SUCCESSFUL

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        await self._tenants.learn([delivery.tenant_id for delivery in deliveries])
        open_: list[Delivery] = []
        scored: list[ScoredEvent] = []
        for delivery in deliveries:
            if delivery.event is None:
                continue
            reason = self._skip_reason(delivery.event, self._tenants.known(delivery.tenant_id))
            if reason is None:
                open_.append(delivery)
            else:
                scored.append(ScoredEvent(delivery.event, _row(delivery.event, {"skipped": reason})))
        try:
            results = await self._pool.score([_unscored(delivery) for delivery in open_]) if open_ else []
        except PoolError as error:
            return [Retry(str(error)) for _ in deliveries]
        for delivery, result in zip(open_, results, strict=True):
            if delivery.event is not None:
                scored.append(ScoredEvent(delivery.event, _row(delivery.event, result), result.get("texts")))
        try:
            await self._store.store(scored)
        except OperationalError as error:  # none of the rows is the cause
            return [Retry(f"the database is away: {type(error).__name__}") for _ in deliveries]
        return [DONE if delivery.event is not None else Rejected("no request") for delivery in deliveries]

    def _skip_reason(self, event: GatewayEvent, rules: TenantRules) -> str | None:
        quality = rules.observation.quality
        if self._own_key is not None and event.key_hash == self._own_key:
            return "own_call"
        if not quality.enabled:
            return "tenant_off"
        return None if is_sampled(event.id, quality.sample, "quality") else "sampled_out"

    async def warm(self) -> None:
        """Start the processes before there is anything to score; where that fails, the first batch tells."""
        try:
            await self._pool.start()
        except PoolError as error:
            log.error("nothing can be scored for now", reason=str(error))

    async def close(self) -> None:
        await self._pool.close()


def _unscored(delivery: Delivery) -> Unscored:
    figures = figures_of(delivery.event) if delivery.event is not None else {}
    return Unscored(figures, delivery.content.input, delivery.content.output)


def _row(event: GatewayEvent, result: Result) -> ScoreRow:
    return ScoreRow(
        id=event.id,
        occurred_at=event.occurred_at,
        revision=event.revision,
        tenant_id=event.tenant_id,
        model=event.model,
        **{name: value for name, value in result.items() if name != "texts"},
    )
