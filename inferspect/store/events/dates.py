"""When events are taken to have occurred: partitions and retention go by that, and a machine's clock may be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.events.event import GatewayEvent
from inferspect.events.metrics import EVENTS_REDATED
from inferspect.store.tables import SCHEMA

log = structlog.get_logger("inferspect.store")

MOST_DIFFERENCE = timedelta(days=1)  # of this machine's clock, and of a date that is to come
OLDEST = timedelta(days=366)  # in a spool
STORED = text(f"SELECT CAST(id AS text) AS id, occurred_at FROM {SCHEMA}.events WHERE id = ANY(CAST(:ids AS uuid[]))")  # noqa: S608  names of our own


class Dates:
    """Believes the date of an event where it can be true, and takes the database's time where it cannot.

    It cannot where it is to come, or older than any spool; or, as long as this machine's clock is wrong, where it is
    not of the last day: retention would delete what has just happened, or never.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._doubts = False

    async def changed(self, events: Sequence[GatewayEvent]) -> dict[str, datetime]:
        """Dates, by their ids, of those events that are to be stored with another one than their own.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        async with self._engine.connect() as connection:
            now: datetime = (await connection.execute(text("SELECT now()"))).scalar_one()
            doubtful = _doubtful(events, now)
            self._doubts |= bool(doubtful)
            if not self._doubts:
                return {}
            # An event keeps the date that it was stored with, though its date may be believed by now.
            found = await connection.execute(STORED, {"ids": [event.id for event in events]})
            dates: dict[str, datetime] = {row.id: row.occurred_at for row in found}
        if new := doubtful - dates.keys():
            log.warning("events get the database's time: this machine's clock is or was wrong", events=len(new))
            EVENTS_REDATED.inc(len(new))
            dates |= dict.fromkeys(new, now)
        own = {event.id: event.occurred_at for event in events}
        return {name: moment for name, moment in dates.items() if moment != own[name]}


def _doubtful(events: Sequence[GatewayEvent], now: datetime) -> set[str]:
    is_wrong = abs(datetime.now(UTC) - now) > MOST_DIFFERENCE
    first, last = now - (MOST_DIFFERENCE if is_wrong else OLDEST), now + MOST_DIFFERENCE
    return {event.id for event in events if not first <= event.occurred_at <= last}
