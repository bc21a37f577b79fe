"""Tells every worker of every replica that keys or teams have changed, so that none goes on with what it remembers.

LiteLLM keeps keys and teams in each worker's memory for minutes and forgets a changed one only in the worker that
changed it. PostgreSQL's LISTEN and NOTIFY carry the news; no Redis is needed for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import psycopg
import structlog
from sqlalchemy import text

from inferspect.store.address import driver_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger("inferspect.tenancy")

CHANNEL = "inferspect_changes"
RECONNECT_AFTER = 1.0
ARRIVED_AFTER = 0.1


async def announce_change(engine: AsyncEngine) -> None:
    """Send the news and give it the time it needs to arrive: a few milliseconds, more where a worker is busy.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database is away; the change it would be about cannot have happened then.
    """
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
    await asyncio.sleep(ARRIVED_AFTER)


async def listen_for_changes(database_url: str, on_change: Callable[[], None]) -> None:
    """Call ``on_change`` at each piece of news, until cancelled.

    After the connection was lost it is called too: something may have been missed.
    """
    address = driver_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    missed = False
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                if missed:
                    on_change()
                async for _ in connection.notifies():
                    on_change()
        except (psycopg.OperationalError, OSError) as error:
            if not missed:
                log.warning("changes by other workers are not heard for now", reason=type(error).__name__)
        missed = True
        await asyncio.sleep(RECONNECT_AFTER)
