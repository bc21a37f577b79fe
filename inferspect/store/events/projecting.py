"""Writes projections; one that fails gets the event again as a delivery, with retry and dead letter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.events.delivery import DONE, Delivered, Delivery, Projection
from inferspect.events.event import GatewayEvent
from inferspect.events.metrics import OBSERVER_ERRORS
from inferspect.store.deliveries.queue import due

log = structlog.get_logger("inferspect.store")

GIVES_UP = 5  # events of a batch that fail one by one: the others will fail, too


def name_of(projection: Projection) -> str:
    """Under which its failed events wait as deliveries."""
    return f"projection:{type(projection).__name__}"


async def project(
    connection: AsyncConnection, projections: Sequence[Projection], events: Sequence[GatewayEvent]
) -> list[dict[str, Any]]:
    """Write the events to all projections, each within a savepoint, so that its mistakes undo nothing else.

    Returns:
        Rows of deliveries, for events that a projection could not write.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the connection is lost.
    """
    failed: list[dict[str, Any]] = []
    if events:
        for projection in projections:
            if not await _written(connection, projection, events):
                failed += await _one_by_one(connection, projection, events)
    return failed


async def _one_by_one(
    connection: AsyncConnection, projection: Projection, events: Sequence[GatewayEvent]
) -> list[dict[str, Any]]:
    failed: list[dict[str, Any]] = []
    for event in events:
        if len(failed) >= GIVES_UP or not await _written(connection, projection, [event]):
            failed.append(due(name_of(projection), event))
    log.error("a projection failed; its events are tried again", projection=name_of(projection), events=len(failed))
    return failed


async def _written(connection: AsyncConnection, projection: Projection, events: Sequence[GatewayEvent]) -> bool:
    savepoint = await connection.begin_nested()
    try:
        await projection.write(connection, events)
    except Exception:  # an observer's mistake hurts neither the events nor the others
        OBSERVER_ERRORS.labels(name_of(projection), "project").inc()
        log.exception("a projection cannot write events", projection=name_of(projection))
        await savepoint.rollback()
        return False
    await savepoint.commit()
    return True


class ProjectionConsumer:
    """Takes the events that a projection could not write when they were stored."""

    batch = 1
    needs_content = False

    def __init__(self, engine: AsyncEngine, projection: Projection) -> None:
        self.name = name_of(projection)
        self._engine = engine
        self._projection = projection

    def wants(self, event: GatewayEvent) -> bool:
        """Never: they come only where writing them failed."""
        del event
        return False

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        async with self._engine.begin() as connection:
            await self._projection.write(connection, [one.event for one in deliveries if one.event is not None])
        return [DONE] * len(deliveries)

    async def close(self) -> None:
        """It holds nothing."""
