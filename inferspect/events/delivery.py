"""What consumes events: the contract between the spine, which delivers at least once, and those it delivers to.

A :class:`Consumer` looks at each event when it is stored; what it wants becomes a delivery, a row that stays until the
consumer says that it is done with it, whatever dies in between. A :class:`Projection` writes rows of its own in the
transaction that stores the event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from inferspect.events.event import GatewayEvent


@dataclass(frozen=True, slots=True)
class Content:
    """What was asked and answered, as the guardrails left it, as JSON; ``None`` where it is not kept."""

    input: str | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one consumer.

    Attributes:
        id: of the event; a UUID. A second delivery of the same event has the same id.
        attempt: 1 for the first.
        event: the request; ``None`` for a message that is none, such as an alert.
        content: as far as it is kept and the consumer asked for it.
        message: what was posted, where it is no request.
    """

    consumer: str
    id: str
    occurred_at: datetime
    tenant_id: str | None
    attempt: int
    event: GatewayEvent | None = None
    content: Content = Content()
    message: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """It arrived, or there was nothing to do."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It did not arrive and may later. ``after`` is the number of seconds that the receiver asked for."""

    reason: str
    after: float | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """It will never arrive as it is: it becomes a dead letter at once."""

    reason: str


Delivered = Done | Retry | Rejected
DONE = Done()


class Consumer(Protocol):
    """Takes events. Idempotent: after a crash it gets what it had already got.

    Attributes:
        name: unique; part of the key of its deliveries, so it never changes.
        batch: most deliveries of one call.
        needs_content: whether it wants what was asked and answered.
    """

    name: str
    batch: int
    needs_content: bool

    def wants(self, event: GatewayEvent) -> bool:
        """Whether the event is for this consumer. Quick and without side effects; called where events are stored."""
        ...

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        """What became of each, in their order. An exception stands for ``Retry`` of all."""
        ...

    async def close(self) -> None:
        """Let connections and processes go; called once, after the last delivery."""
        ...


class Projection(Protocol):
    """Writes rows about events in the transaction that stores them.

    An event comes once it is final, and again should more become known of it later; so rows are keyed by its id.
    """

    async def write(self, connection: AsyncConnection, events: Sequence[GatewayEvent]) -> None: ...


@dataclass(slots=True)
class Consumers:
    """All that consumes the events of this process; filled at its start."""

    consumers: list[Consumer] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)

    def add(self, consumer: Consumer) -> None:
        """Deliver to this consumer, too.

        Raises:
            ValueError: there is one of that name.
        """
        if any(other.name == consumer.name for other in self.consumers):
            raise ValueError(f"there are two consumers of the name {consumer.name!r}")
        self.consumers.append(consumer)

    def project(self, projection: Projection) -> None:
        self.projections.append(projection)

    def wanting(self, event: GatewayEvent) -> list[str]:
        """Names of the consumers that want the event."""
        return [consumer.name for consumer in self.consumers if consumer.wants(event)]


EventListener = Callable[["GatewayEvent"], None]
