"""What more processes that deliver bring: the same backlog, delivered by one and by two of them."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from inferspect.events.courier import Courier
from inferspect.events.delivery import DONE, Consumers, Delivered, Delivery
from inferspect.events.event import GatewayEvent
from inferspect.settings import EventSettings
from inferspect.store.address import driver_url
from inferspect.store.events.writer import EventWriter, ShippedEvent

if TYPE_CHECKING:
    from multiprocessing.synchronize import Barrier

EVENTS = 2_000
BATCH = 20
SECONDS = 0.05


@dataclass(slots=True)
class Receiver:
    """A consumer that waits for the network as long for each batch."""

    name: str = "receiver"
    batch: int = BATCH
    needs_content: bool = False

    def wants(self, event: GatewayEvent) -> bool:
        return event.result == "success"

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        await asyncio.sleep(SECONDS)
        return [DONE] * len(deliveries)

    async def close(self) -> None:
        """Nothing is open."""


async def delivered_a_second(database: str, seed: GatewayEvent, processes: int) -> float:
    """Store a backlog and have so many processes deliver it; they begin together once all have connected."""
    engine = create_async_engine(driver_url(database))
    writer = EventWriter(engine, Consumers([Receiver()]))
    for _ in range(EVENTS // 500):
        events = [replace(seed, id=str(uuid.uuid4()), occurred_at=datetime.now(UTC)) for _ in range(500)]
        await writer.write([ShippedEvent(event) for event in events])
    await engine.dispose()
    return await asyncio.to_thread(_rate_of, database, processes)


def _rate_of(database: str, processes: int) -> float:
    spawning = multiprocessing.get_context("spawn")
    ready = spawning.Barrier(processes + 1)
    started = [spawning.Process(target=_deliver_all, args=(database, ready)) for _ in range(processes)]
    for process in started:
        process.start()
    ready.wait()
    began = time.perf_counter()
    ready.wait()
    seconds = time.perf_counter() - began
    for process in started:
        process.join()
    return EVENTS / seconds


def _deliver_all(database: str, ready: Barrier) -> None:
    asyncio.run(_deliver(database, ready))


async def _deliver(database: str, ready: Barrier) -> None:
    engine = create_async_engine(driver_url(database))
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    courier = Courier(Receiver(), engine, EventSettings())
    ready.wait()
    while await courier.deliver():
        pass
    ready.wait()
    await engine.dispose()
