"""Writes each request's event to the spool: before a provider is called, before the response leaves, and at its end."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog
from prometheus_client import Counter

from inferspect.events.content import take_content
from inferspect.events.event import event_of
from inferspect.events.reserve import Reserve
from inferspect.events.spool import Spool, SpooledEvent, SpoolError
from inferspect.refusal import Refusal
from inferspect.settings import EventSettings

if TYPE_CHECKING:
    from inferspect.context import RequestContext
    from inferspect.events.delivery import EventListener
    from inferspect.events.event import GatewayEvent

log = structlog.get_logger("inferspect.events")

CHECK_EVERY = 1.0
NEARLY_FULL = 0.9
DROPPED_AT_ONCE = 8 * 1024**2
DROPPED = Counter(
    "inferspect_spool_contents_dropped", "Events whose content was dropped because the spool was nearly full."
)


class EventRecorder:
    """Records requests; refuses new ones while the spool cannot take their event, so that none goes unrecorded.

    A spool that is nearly full drops the contents of its oldest events before it comes to that, and never an event.
    What is under way when the disk fills up is written into a reserve; without one no request is accepted.

    Args:
        spool: this process's spool.
        settings: sizes, and how long an event waits for its cost.
        listeners: called with the event of each request that has ended, once.
    """

    def __init__(
        self, spool: Spool, settings: EventSettings | None = None, listeners: list[EventListener] | None = None
    ) -> None:
        self._spool = spool
        self._settings = settings or EventSettings()
        self._listeners = listeners if listeners is not None else []
        self._reserve = Reserve(spool.path)
        self._reserve.make()
        self._unwritten: OrderedDict[str, SpooledEvent] = OrderedDict()
        self._unsettled: OrderedDict[str, tuple[float, RequestContext]] = OrderedDict()
        self._checked_at = 0.0
        self._full = False

    def refusal(self) -> Refusal | None:
        """Why no request may be accepted now, because its event could not be kept; ``None`` where all is well."""
        if self._reserve.held and not self._unwritten and not self._is_full():
            return None
        return no_room()

    async def record(self, context: RequestContext, *, complete: bool) -> bool:
        """Write the event as it is known now.

        Returns:
            Whether it outlives the process; else it is in memory until it can be written. Of an event whose content
            does not fit, the content alone is.
        """
        context.event_revision += 1
        content = take_content(context, self._settings.max_content_bytes) if context.status is not None else None
        event = event_of(context, context.event_revision, complete=complete)
        spooled = SpooledEvent(event.id, event.revision, complete, time.time(), event.to_json(), content)
        written = await self._write(spooled)
        if complete:
            self._unsettled.pop(event.id, None)
            self._tell(context, event)
        elif context.ended or (context.status is not None and not context.stream):
            self._unsettled[event.id] = (time.monotonic() + self._settings.settle_after, context)
            self._unsettled.move_to_end(event.id)
        return written

    async def keep_trying(self) -> None:
        """Write what could not be written, make room, and complete events whose cost never came, for ever."""
        while True:
            await asyncio.sleep(CHECK_EVERY)
            if self._unwritten:
                await self._write_unwritten()
            elif not self._reserve.held:
                await asyncio.to_thread(self._reserve.make)
            await self._make_room()
            await self._give_up_waiting()

    async def _write(self, spooled: SpooledEvent) -> bool:
        spooled = _with_content_of(self._unwritten.get(spooled.id), spooled)
        try:
            await self._write_or_use_reserve(spooled)
        except SpoolError as error:
            if not self._unwritten:
                log.exception("events cannot be spooled; new requests are refused", reason=str(error))
            self._unwritten[spooled.id] = _with_content_of(self._unwritten.get(spooled.id), spooled)
            return spooled.content is not None and await self._write_without_content(spooled)
        waiting = self._unwritten.get(spooled.id)
        if waiting is not None and waiting.revision < spooled.revision and waiting.content in {None, spooled.content}:
            del self._unwritten[spooled.id]
        return True

    async def _write_or_use_reserve(self, spooled: SpooledEvent) -> None:
        try:
            await self._spool.write(spooled)
        except SpoolError as error:
            if self._reserve.held:
                log.warning("no room on the disk: the reserve is used, new requests are refused", reason=str(error))
            self._reserve.free()
            await self._spool.write(spooled)

    async def _write_without_content(self, spooled: SpooledEvent) -> bool:
        try:
            await self._spool.write(replace(spooled, content=None))
        except SpoolError:
            return False
        return True

    async def _write_unwritten(self) -> None:
        try:
            for spooled in list(self._unwritten.values()):
                await self._spool.write(spooled)
                if self._unwritten.get(spooled.id) is spooled:
                    del self._unwritten[spooled.id]
        except SpoolError:
            return
        log.info("events can be spooled again")

    async def _make_room(self) -> None:
        while (excess := self._spool.size() - int(NEARLY_FULL * self._settings.max_spool_bytes)) > 0:
            try:
                dropped = await self._spool.drop_contents(min(excess, DROPPED_AT_ONCE))
            except SpoolError:
                return
            if not dropped:
                return
            DROPPED.inc(dropped)
            log.warning("the spool is nearly full: contents of its oldest events are dropped", events=dropped)

    async def _give_up_waiting(self) -> None:
        """LiteLLM reports nothing of some requests, such as completions whose client left: their events end here."""
        while self._unsettled:
            deadline, context = next(iter(self._unsettled.values()))
            if deadline > time.monotonic():
                return
            await self.record(context, complete=True)

    def _tell(self, context: RequestContext, event: GatewayEvent) -> None:
        if context.told:
            return
        context.told = True
        for listener in self._listeners:
            try:
                listener(event)
            except Exception as error:  # noqa: BLE001  whoever listens must not fail the request
                log.error("a listener failed with an event", event_id=event.id, reason=type(error).__name__)

    def _is_full(self) -> bool:
        now = time.monotonic()
        if now - self._checked_at > CHECK_EVERY:
            self._checked_at = now
            self._full = self._spool.size() > self._settings.max_spool_bytes
        return self._full


def no_room() -> Refusal:
    """Of a request whose event could not be kept."""
    return Refusal(
        503,
        "event_spool_unavailable",
        "The gateway cannot record requests at the moment (its disk is full or not writable), so it accepts none. "
        "Try again later; an administrator has to make room.",
    )


def _with_content_of(other: SpooledEvent | None, spooled: SpooledEvent) -> SpooledEvent:
    """The newer of two revisions of an event, with the newest content that there is of it."""
    if other is None:
        return spooled
    older, newer = sorted((other, spooled), key=lambda one: one.revision)
    return newer if newer.content is not None else replace(newer, content=older.content)
