"""All couriers of a process: one for each consumer, so that a slow one delays nobody."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from inferspect.events.courier import Courier
from inferspect.events.metrics import COURIERS_RESTARTED
from inferspect.store.deliveries.queue import Deliveries

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.events.delivery import Consumer
    from inferspect.settings import EventSettings

log = structlog.get_logger("inferspect.events")

LOOK_EVERY = 0.5
LAST_WORDS = 2.0
CLOSING = 2.0


class Couriers:
    """Runs couriers, and wakes each when there is something for it: one look at the database serves all.

    Args:
        patience: seconds that batches at hand are given at the end.
    """

    def __init__(
        self, consumers: Sequence[Consumer], engine: AsyncEngine, settings: EventSettings, patience: float = LAST_WORDS
    ) -> None:
        self._couriers = {consumer.name: Courier(consumer, engine, settings) for consumer in consumers}
        self._deliveries = Deliveries(engine)
        self._patience = patience
        self._running: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Deliver until cancelled; then finish what is at hand, in short, and close the consumers."""
        self._running = {name: asyncio.create_task(courier.run()) for name, courier in self._couriers.items()}
        try:
            if self._running:
                await self._look()
        finally:
            for courier in self._couriers.values():
                courier.stop()
            if self._running:
                _, late = await asyncio.wait(self._running.values(), timeout=self._patience)
                for task in late:
                    task.cancel()
                await asyncio.gather(*self._running.values(), return_exceptions=True)
            await asyncio.gather(*(_close(courier.consumer) for courier in self._couriers.values()))

    async def _look(self) -> None:
        away = False
        while True:
            self._begin_again()
            try:
                for name in await self._deliveries.with_work(list(self._couriers)):
                    self._couriers[name].due.set()
                away = False
            except (SQLAlchemyError, OSError) as error:
                if not away:
                    log.warning("no deliveries for now", reason=type(error).__name__)
                away = True
            await asyncio.sleep(LOOK_EVERY * random.uniform(0.8, 1.2))  # noqa: S311  spreads processes, keeps no secret

    def _begin_again(self) -> None:
        """A courier that ends leaves its consumer without any in this process, so none may."""
        for name, task in self._running.items():
            if task.done():
                error = None if task.cancelled() else task.exception()
                log.error("a courier ended and begins again", consumer=name, exc_info=error)
                COURIERS_RESTARTED.labels(name).inc()
                self._running[name] = asyncio.create_task(self._couriers[name].run())


async def _close(consumer: Consumer) -> None:
    try:
        async with asyncio.timeout(CLOSING):
            await consumer.close()
    except Exception:
        log.exception("a consumer cannot be closed", consumer=consumer.name)
