"""Writes each request's event to the spool before its response leaves, and again when LiteLLM reports cost."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import structlog

from inferspect.events.event import event_of
from inferspect.events.spool import Spool, SpooledEvent, SpoolError
from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from inferspect.context import RequestContext

log = structlog.get_logger("inferspect.events")

CHECK_EVERY = 1.0


class EventRecorder:
    """Records requests; refuses new ones while the spool cannot take their event, so that none goes unrecorded.

    Args:
        spool: this process's spool.
        max_bytes: size of the spool from which on requests are refused.
    """

    def __init__(self, spool: Spool, max_bytes: int) -> None:
        self._spool = spool
        self._max_bytes = max_bytes
        self._unwritten: OrderedDict[str, SpooledEvent] = OrderedDict()
        self._checked_at = 0.0
        self._full = False

    def refusal(self) -> Refusal | None:
        """Why no request may be accepted now, because its event could not be kept; ``None`` where all is well."""
        if not self._unwritten and not self._is_full():
            return None
        return Refusal(
            503,
            "event_spool_unavailable",
            "The gateway cannot record requests at the moment (its disk is full or not writable), so it accepts none. "
            "Try again later; an administrator has to make room.",
        )

    async def record(self, context: RequestContext, *, complete: bool) -> None:
        """Write the event as it is known now; when this returns it outlives the process."""
        context.event_revision += 1
        event = event_of(context, context.event_revision, complete=complete)
        spooled = SpooledEvent(event.id, event.revision, complete, time.time(), event.to_json())
        try:
            await self._spool.write(spooled)
        except SpoolError as error:
            if not self._unwritten:
                log.exception("events cannot be spooled; new requests are refused", reason=str(error))
            self._unwritten[event.id] = spooled

    async def keep_trying(self) -> None:
        """Write what could not be written, for ever; requests are accepted again once all is on disk."""
        while True:
            await asyncio.sleep(CHECK_EVERY)
            if self._unwritten:
                await self._write_unwritten()

    async def _write_unwritten(self) -> None:
        try:
            for spooled in list(self._unwritten.values()):
                await self._spool.write(spooled)
                if self._unwritten.get(spooled.id) is spooled:
                    del self._unwritten[spooled.id]
        except SpoolError:
            return
        log.info("events can be spooled again")

    def _is_full(self) -> bool:
        now = time.monotonic()
        if now - self._checked_at > CHECK_EVERY:
            self._checked_at = now
            self._full = self._spool.size() > self._max_bytes
        return self._full
