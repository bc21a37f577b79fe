"""Scores of an answer, on their way to the trace of its request.

Who scores posts a message to the consumer :data:`CONSUMER` through the outbox, with the transaction that stores the
scores, where :func:`are_traced` says that there is a trace to join::

    if are_traced(observer.consumers, event):
        message = ScoreMessage.of(event, scores)
        await outbox.post_in(connection, CONSUMER, message.id, message.to_message(), message.tenant_id)
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from inferspect.events.delivery import Consumers
    from inferspect.events.event import GatewayEvent

CONSUMER = "langfuse-scores"
TRACES = "langfuse"  # the consumer that makes the traces which scores join

ScoreType = Literal["NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT"]


@dataclass(frozen=True, slots=True)
class Score:
    """One score under its name.

    Attributes:
        value: a number for ``NUMERIC``, 0 or 1 for ``BOOLEAN``, a text for the others.
        comment: why, without content of the request.
    """

    name: str
    value: float | str
    data_type: ScoreType = "NUMERIC"
    comment: str | None = None

    def __post_init__(self) -> None:
        if self.data_type not in get_args(ScoreType):
            raise ValueError(f"a score is {', '.join(get_args(ScoreType))}, not {self.data_type}")
        if isinstance(self.value, str) != (self.data_type in {"CATEGORICAL", "TEXT"}):
            raise ValueError(f"the {self.data_type} score {self.name} has the value {self.value!r}")
        if not isinstance(self.value, str) and not math.isfinite(self.value):
            raise ValueError(f"the score {self.name} is no finite number")


@dataclass(frozen=True, slots=True)
class ScoreMessage:
    """Scores of one request, and of the request what leads to its trace.

    Attributes:
        event_id: of the request.
        occurred_at: when the request came; it is the scores' time, too, so that a second delivery changes nothing.
    """

    event_id: str
    occurred_at: datetime
    tenant_id: str | None
    trace_parent: str | None
    session_id: str | None
    environment: str | None
    scores: tuple[Score, ...]

    @classmethod
    def of(cls, event: GatewayEvent, scores: Iterable[Score]) -> ScoreMessage:
        return cls(
            event_id=event.id,
            occurred_at=event.occurred_at,
            tenant_id=event.tenant_id,
            trace_parent=event.trace_parent,
            session_id=event.session_id,
            environment=event.environment,
            scores=tuple(scores),
        )

    @property
    def id(self) -> str:
        """A UUID, the same for the same scores of the same request."""
        names = "\n".join(sorted(score.name for score in self.scores))
        return str(uuid.uuid5(uuid.UUID(self.event_id), names))

    def score_ids(self) -> list[str]:
        """A UUID of each score, the same whenever the request is scored under that name."""
        request = uuid.UUID(self.event_id)
        return [str(uuid.uuid5(request, score.name)) for score in self.scores]

    def to_message(self) -> dict[str, Any]:
        """As JSON; each score by hand, as ``asdict`` takes ten times as long, for each request that is scored."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        scores = [
            {"name": score.name, "value": score.value, "data_type": score.data_type, "comment": score.comment}
            for score in self.scores
        ]
        return {**values, "occurred_at": self.occurred_at.isoformat(), "scores": scores}

    @classmethod
    def from_message(cls, message: Mapping[str, Any]) -> ScoreMessage:
        """Read what :meth:`to_message` wrote.

        Raises:
            ValueError, TypeError, KeyError: it is no message of scores.
        """
        values = dict(message)
        values["occurred_at"] = datetime.fromisoformat(values["occurred_at"])
        values["scores"] = tuple(Score(**score) for score in values["scores"])
        return cls(**values)


def are_traced(consumers: Consumers, event: GatewayEvent) -> bool:
    """Whether the request has a trace that scores can join; without one they would only queue up."""
    return any(consumer.name == TRACES and consumer.wants(event) for consumer in consumers.consumers)
