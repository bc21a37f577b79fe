"""Consumers, events and tables for the tests of this folder."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.context import RequestContext
from inferspect.events.delivery import DONE, Consumer, Consumers, Delivered, Delivery
from inferspect.events.event import GatewayEvent, event_of
from inferspect.store.events.writer import EventWriter, ShippedEvent

Answers = Callable[[Sequence[Delivery]], Sequence[Delivered]]


class Recording:
    """A consumer that keeps what it gets, and answers as it is told."""

    def __init__(self, name: str = "test", answers: Answers | None = None, batch: int = 10) -> None:
        self.name = name
        self.batch = batch
        self.needs_content = False
        self.answers = answers or (lambda deliveries: [DONE] * len(deliveries))
        self.calls: list[list[Delivery]] = []
        self.closed = 0

    def wants(self, event: GatewayEvent) -> bool:
        return event.route != "/unwanted"

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        self.calls.append(list(deliveries))
        return self.answers(deliveries)

    async def close(self) -> None:
        self.closed += 1

    @property
    def got(self) -> list[str]:
        return [delivery.id for call in self.calls for delivery in call]


def event(**values: Any) -> GatewayEvent:
    context = RequestContext(str(uuid.uuid4()), "/v1/chat/completions", "POST", "192.0.2.1")
    context.status = 200
    return replace(event_of(context, 1, complete=True), **values)


def writer(engine: AsyncEngine, *consumers: Consumer) -> EventWriter:
    return EventWriter(engine, Consumers(list(consumers)))


async def store(engine: AsyncEngine, consumer: Consumer, *events: GatewayEvent) -> list[GatewayEvent]:
    """Store events that are final, as one batch."""
    await writer(engine, consumer).write([ShippedEvent(one) for one in events])
    return list(events)


async def rows(engine: AsyncEngine, query: str, **values: Any) -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(text(query), values)).mappings()]


async def execute(engine: AsyncEngine, statement: str, **values: Any) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(statement), values)


async def deliveries(engine: AsyncEngine) -> list[dict[str, Any]]:
    found = await rows(engine, "SELECT * FROM inferspect.deliveries ORDER BY consumer, id")
    return [{**row, "id": str(row["id"])} for row in found]


async def hurry(engine: AsyncEngine) -> None:
    """Have everything due now, as when time had passed."""
    await execute(engine, "UPDATE inferspect.deliveries SET due_at = now() WHERE dead_at IS NULL")


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    while not await condition():
        await asyncio.sleep(0.01)


async def cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
