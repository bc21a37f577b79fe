"""Ships spooled events to the database, its own spool's and those of workers that died."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import DataError, SQLAlchemyError

from inferspect.events.dead_letters import set_aside
from inferspect.events.event import GatewayEvent
from inferspect.events.spool import Spool, SpooledEvent, SpoolError, orphans

if TYPE_CHECKING:
    from inferspect.settings import EventSettings
    from inferspect.store.events import EventWriter

log = structlog.get_logger("inferspect.events")

LONGEST_PAUSE = 30.0
ADOPT_EVERY = 10.0
LAST_WORDS = 2.0
DEAD_LETTERS = "dead-letters.jsonl"
# Not its JSON, not the fields of this version, or not what the database takes: trying again would change nothing.
UNSTORABLE = (ValueError, TypeError, KeyError, AttributeError, DataError)


class Shipper:
    """Moves events from spool to database until it is cancelled. An event leaves the spool only once it is stored."""

    def __init__(self, spool: Spool, writer: EventWriter, settings: EventSettings) -> None:
        self._spool = spool
        self._writer = writer
        self._settings = settings
        self._failures = 0

    async def run(self) -> None:
        """Ship until cancelled, with growing pauses while the database is away; then ship what is left, in short."""
        try:
            await self._run()
        except asyncio.CancelledError:
            with suppress(SQLAlchemyError, OSError, SpoolError, TimeoutError):
                await asyncio.wait_for(self.drain(self._spool), LAST_WORDS)
            raise

    async def _run(self) -> None:
        adopted_at = 0.0
        while True:
            shipped = 0
            try:
                shipped = await self.ship(self._spool)
                if time.monotonic() - adopted_at > ADOPT_EVERY:
                    adopted_at = time.monotonic()
                    await self._adopt_orphans()
                if self._failures:
                    log.info("event shipment recovered", failures=self._failures)
                self._failures = 0
            except (SQLAlchemyError, OSError) as error:
                self._failures += 1
                if self._failures == 1:
                    log.warning("events wait in the spool", reason=type(error).__name__)
            except SpoolError as error:
                self._failures += 1
                log.error("spool unreadable", reason=str(error))
            if shipped < self._settings.ship_batch:
                await asyncio.sleep(self._pause())

    async def ship(self, spool: Spool, *, everything: bool = False) -> int:
        """Ship one batch and return its size; ``everything`` includes events that still wait for their cost."""
        settled_before = time.time() + (1.0 if everything else -self._settings.settle_after)
        batch = await spool.ripe(self._settings.ship_batch, settled_before)
        if batch:
            try:
                await self._store(batch)
            except UNSTORABLE:
                for event in batch:
                    await self._store_or_set_aside(event)
            await spool.remove(batch)
        return len(batch)

    async def _store(self, events: list[SpooledEvent]) -> None:
        await self._writer.write([GatewayEvent.from_json(event.body).to_row() for event in events])

    async def _store_or_set_aside(self, event: SpooledEvent) -> None:
        """An event that can never be stored must not hold up all that come after it."""
        try:
            await self._store([event])
        except UNSTORABLE as error:
            path = self._spool.path.parent / DEAD_LETTERS
            await asyncio.to_thread(set_aside, path, event, type(error).__name__)
            log.error("an event cannot be stored", event_id=event.id, reason=type(error).__name__, kept_in=str(path))

    async def drain(self, spool: Spool) -> None:
        """Ship all that is there, at shutdown or from a dead worker's spool."""
        while await self.ship(spool, everything=True):
            pass

    async def _adopt_orphans(self) -> None:
        for path in orphans(self._spool.path.parent):
            await self._adopt(path)

    async def _adopt(self, path: Path) -> None:
        try:
            spool = Spool(path.parent, path)
        except SpoolError as error:
            if not isinstance(error.__cause__, BlockingIOError):  # else another worker was quicker
                log.error("the spool of a worker that ended cannot be read", spool=path.name, reason=str(error))
            return
        emptied = False
        try:
            count = await spool.depth()
            await self.drain(spool)
            emptied = True
            log.info("adopted the spool of a worker that ended", events=count)
        finally:
            spool.close(delete=emptied)

    def _pause(self) -> float:
        pause: float = self._settings.ship_every * 2 ** min(self._failures, 10)
        return min(LONGEST_PAUSE, pause)
