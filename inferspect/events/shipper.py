"""Ships spooled events to the database, its own spool's and those of workers that died."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from inferspect.events.damaged import put_away
from inferspect.events.dead_letters import FILE, set_aside
from inferspect.events.event import GatewayEvent, NewerEventError
from inferspect.events.metrics import EVENTS_SET_ASIDE, EVENTS_SHIPPED
from inferspect.events.reserve import reserve_path
from inferspect.events.spool import DamagedSpoolError, Spool, SpooledEvent, SpoolError
from inferspect.events.spool_files import orphans
from inferspect.store.events.writer import ShippedEvent

if TYPE_CHECKING:
    from inferspect.settings import EventSettings
    from inferspect.store.events.writer import EventWriter

log = structlog.get_logger("inferspect.events")

LONGEST_PAUSE = 30.0
ADOPT_EVERY = 10.0
LAST_WORDS = 2.0
GRACE = 2.0  # seconds in which the recorder completes an event whose cost has not come
# Not its JSON, not the fields of this version, or not what the database takes: trying again would change nothing.
UNSTORABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, DataError)
NO_PARTITION = "23514"  # it has been dropped, and is made by the next attempt
TOO_LARGE = "54"  # the class of limits that PostgreSQL sets


class Shipper:
    """Moves events from spool to database until it is cancelled.

    An event leaves the spool only once it is stored and final. One whose request is still in progress is stored, too,
    so that it can be seen, and stays in the spool for whoever adopts it, should this process die.
    """

    def __init__(self, spool: Spool, writer: EventWriter, settings: EventSettings) -> None:
        self._spool = spool
        self._writer = writer
        self._settings = settings
        self._failures = 0
        # Revisions of events that stay in their spool: stored, but not final, or of a newer version.
        self._staying: dict[str, int] = {}

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
            except Exception:  # whatever it is, the events after it are not to stay on this disk for ever
                self._failures += 1
                log.exception("events cannot be shipped")
            if shipped < self._settings.ship_batch:
                await asyncio.sleep(self._pause())

    async def ship(self, spool: Spool, *, everything: bool = False, ended: bool = False) -> int:
        """Ship one batch and return its size.

        Args:
            everything: also what still waits for its cost.
            ended: the worker of the spool has ended, so nothing more will become known of its requests.
        """
        # Whatever the clock said when it was written: it may have been put back since.
        settled_before = math.inf if everything else time.time() - self._settings.settle_after - GRACE
        ripe = await spool.ripe(self._settings.ship_batch + len(self._staying), settled_before)
        batch = [event for event in ripe if self._staying.get(event.id) != event.revision]
        batch = batch[: self._settings.ship_batch]
        if not batch:
            return 0
        await self._ship(batch, spool, ended=ended)
        return len(batch)

    async def _ship(self, events: list[SpooledEvent], spool: Spool | None, *, ended: bool) -> None:
        """Store events, or set them aside, and remove them from the spool where one is given."""
        try:
            await self._store(events, spool, ended=ended)
        except Exception as error:
            if not _is_unstorable(error):
                raise
            for event in events:
                await self._store_or_set_aside(event, spool, ended=ended)

    async def _store(self, events: list[SpooledEvent], spool: Spool | None, *, ended: bool) -> None:
        """Store events; those that are final leave the spool, the others stay there until they are."""
        shipped = await asyncio.to_thread(_read, events, ended=ended)
        await self._writer.write(shipped)
        finished = [event for event, one in zip(events, shipped, strict=True) if one.final]
        if spool is not None:
            await spool.remove(finished)
        EVENTS_SHIPPED.inc(len(finished))
        self._staying |= {event.id: event.revision for event in events}
        for event in finished:
            del self._staying[event.id]

    async def _store_or_set_aside(self, event: SpooledEvent, spool: Spool | None, *, ended: bool) -> None:
        """An event that can never be stored must not hold up all that come after it."""
        try:
            await self._store([event], spool, ended=ended)
        except NewerEventError as error:
            self._staying[event.id] = event.revision
            log.warning("an event waits in its spool for a newer program", event_id=event.id, reason=str(error))
        except Exception as error:
            if not _is_unstorable(error):
                raise
            folder, reason = self._spool.path.parent, type(error).__name__
            await asyncio.to_thread(set_aside, folder, event, reason)
            if spool is not None:
                await spool.remove([event])
            EVENTS_SET_ASIDE.inc()
            log.error("an event cannot be stored", event_id=event.id, reason=reason, kept_in=str(folder / FILE))

    async def drain(self, spool: Spool, *, ended: bool = False) -> int:
        """Ship all that is there, at shutdown or from the spool of a worker that has ended; returns how many."""
        shipped = 0
        while count := await self.ship(spool, everything=True, ended=ended):
            shipped += count
        return shipped

    async def _adopt_orphans(self) -> None:
        for path in orphans(self._spool.path.parent):
            try:
                await self._adopt(path)
            except SpoolError as error:  # the others are not to wait for this one
                if not isinstance(error.__cause__, BlockingIOError):  # else another worker was quicker
                    log.error("the spool of a worker that ended cannot be read", spool=path.name, reason=str(error))

    async def _adopt(self, path: Path) -> None:
        reserve_path(path).unlink(missing_ok=True)
        try:
            shipped = await self._empty(path)
        except DamagedSpoolError as error:
            kept = put_away(path)
            log.error(
                "the spool of a worker that ended is damaged", spool=path.name, kept_as=kept.name, reason=str(error)
            )
        else:
            if shipped:
                log.info("adopted the spool of a worker that ended", events=shipped)

    async def _empty(self, path: Path) -> int:
        """Ship what is in the spool of a worker that ended, of a damaged one all that can be read; returns how many."""
        spool = Spool(path.parent, path)
        emptied = False
        try:
            shipped = await self.drain(spool, ended=True)
            emptied = not await spool.depth()
        except DamagedSpoolError:
            await self._salvage(spool)
            raise
        finally:
            spool.close(delete=emptied)
        return shipped

    async def _salvage(self, spool: Spool) -> None:
        ids = await spool.readable_ids()
        for start in range(0, len(ids), self._settings.ship_batch):
            events = await spool.readable_events(ids[start : start + self._settings.ship_batch])
            await self._ship(events, None, ended=True)

    def _pause(self) -> float:
        pause: float = self._settings.ship_every * 2 ** min(self._failures, 10)
        return min(LONGEST_PAUSE, pause)


def _read(spooled: list[SpooledEvent], *, ended: bool) -> list[ShippedEvent]:
    """The events with their contents. Raises what tells that one of them is none."""
    shipped = []
    for one in spooled:
        event = GatewayEvent.from_json(one.body)
        if ended and not event.complete:
            event = replace(event, complete=True, revision=event.revision + 1)  # what is stored of it says otherwise
        final = event.complete or event.result != "unknown"
        shipped.append(ShippedEvent(event, one.content, final))
    return shipped


def _is_unstorable(error: Exception) -> bool:
    if isinstance(error, UNSTORABLE):
        return True
    code = getattr(error.orig, "sqlstate", None) or "" if isinstance(error, DBAPIError) else ""
    return code.startswith(TOO_LARGE) or (isinstance(error, IntegrityError) and code != NO_PARTITION)
