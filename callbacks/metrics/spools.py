"""What Prometheus may know of the folder of spools. All workers of a gateway share it, so each tells of all of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
from prometheus_client import Gauge

from inferspect.events.folder import FolderStatus, look_into

log = structlog.get_logger("callbacks.metrics")

MEASURED_EVERY = 5.0  # seconds

EVENTS = Gauge(
    "inferspect_spool_events", "Events that wait in spools for the database.", multiprocess_mode="livemostrecent"
)
BYTES = Gauge("inferspect_spool_bytes", "Size of the spools on disk.", multiprocess_mode="livemostrecent")
AGE = Gauge(
    "inferspect_spool_age_seconds",
    "For how long the oldest event has been waiting in a spool, requests in progress left out.",
    multiprocess_mode="livemostrecent",
)
SET_ASIDE = Gauge(
    "inferspect_set_aside_events",
    "Events that the database does not take, which wait for a person in dead-letters.jsonl.",
    multiprocess_mode="livemostrecent",
)
DAMAGED = Gauge(
    "inferspect_spools_damaged",
    "Spools of which not all could be read, or none of it.",
    multiprocess_mode="livemostrecent",
)


async def keep_measuring(folder: Path, settle_after: float) -> None:
    """Tell for ever, whether the database is there or not.

    Args:
        settle_after: seconds that a worker keeps an event for its cost.
    """
    unreadable = False
    while True:
        try:
            show(await asyncio.to_thread(look_into, folder, settle_after))
            unreadable = False
        except OSError as error:
            if not unreadable:
                log.warning("the folder of spools cannot be measured", reason=type(error).__name__)
            unreadable = True
        await asyncio.sleep(MEASURED_EVERY)


def show(found: FolderStatus) -> None:
    """Set the figures."""
    EVENTS.set(found.depth)
    BYTES.set(found.bytes)
    AGE.set(found.oldest_seconds)
    SET_ASIDE.set(found.set_aside)
    DAMAGED.set(len(found.damaged) + len(found.unreadable))
