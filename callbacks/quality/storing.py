"""Stores scores with all that follows from them in one transaction: messages to Langfuse and Deepchecks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callbacks.quality.metrics import ScoreMetrics
from inferspect.events.score import CONSUMER as LANGFUSE
from inferspect.events.score import Score, ScoreMessage, are_traced
from inferspect.store.deliveries.outbox import Message
from inferspect.store.partitions import day_of, make_partitions
from inferspect.store.scores.scores import LISTENERS, ScoreRow, add_scores, write_scores

if TYPE_CHECKING:
    from inferspect.events.event import GatewayEvent
    from inferspect.extension import Observer

log = structlog.get_logger("inferspect.quality")

TABLE = "scores"
DEEPCHECKS = "deepchecks"


@dataclass(frozen=True, slots=True)
class ScoredEvent:
    """A request and its row; ``texts`` are those of the response, where Deepchecks is to get them."""

    event: GatewayEvent
    row: ScoreRow
    texts: Mapping[str, str] | None = None


class ScoreStore:
    """Stores scores; keeps in mind which days have their partition."""

    def __init__(self, observer: Observer, metrics: ScoreMetrics) -> None:
        self._observer = observer
        self._metrics = metrics
        self._days: set[date] = set()

    async def store(self, scored: Sequence[ScoredEvent]) -> None:
        """Store rows, idempotently; those that were not there before are counted.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: nothing was stored.
        """
        days = {day_of(one.row.occurred_at) for one in scored}
        try:
            async with self._observer.engine.begin() as connection:
                await make_partitions(connection, (TABLE,), sorted(days - self._days))
                new = await write_scores(connection, [one.row for one in scored])
                messages = [message for one in scored for message in self._messages(one)]
                await self._observer.outbox.post_all_in(connection, messages)
        except SQLAlchemyError:
            self._days -= days  # retention, or whoever restored the database, may have taken them away
            raise
        self._days |= days
        for one in scored:
            if one.row.id in new:
                self._metrics.count(one.row)
                _tell(one.row)

    async def add(self, added: ScoredEvent) -> bool:
        """Add scores to a response's row; returns whether it has one yet.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: nothing was stored.
        """
        async with self._observer.engine.begin() as connection:
            if not await add_scores(connection, added.row):
                return False
            await self._observer.outbox.post_all_in(connection, list(self._messages(added)))
        self._metrics.count_scores(added.row)
        return True

    def _messages(self, one: ScoredEvent) -> Iterator[Message]:
        row = one.row
        if not row.scores:
            return
        if are_traced(self._observer.consumers, one.event):
            message = ScoreMessage.of(one.event, _for_langfuse(row))
            yield Message(LANGFUSE, message.id, message.to_message(), message.tenant_id)
        if one.texts is not None:
            yield Message(DEEPCHECKS, row.id, deepchecks_message(one), row.tenant_id)


def _for_langfuse(row: ScoreRow) -> list[Score]:
    return [Score(name, value, comment=row.labels.get(name)) for name, value in row.scores.items()]


def deepchecks_message(one: ScoredEvent) -> dict[str, Any]:
    """What the consumer ``deepchecks`` gets, as JSON."""
    event, row = one.event, one.row
    return {
        "id": row.id,
        "started_at": row.occurred_at.timestamp(),
        "seconds": event.seconds_total,
        "session_id": event.session_id,
        "tenant_id": row.tenant_id,
        "model": row.model,
        "provider": event.provider,
        "input_tokens": event.prompt_tokens,
        "output_tokens": event.completion_tokens,
        "scores": row.scores,
        "labels": row.labels,
        **{name: text.replace("\0", "\ufffd") for name, text in (one.texts or {}).items()},
    }


def _tell(row: ScoreRow) -> None:
    for listener in LISTENERS:
        try:
            listener(row)
        except Exception:  # a listener's mistake is none of the scores'
            log.exception("a listener to scores failed")
