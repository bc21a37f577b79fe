"""Waits for a database that is away: a worker that starts meanwhile must not give up."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger("inferspect.store")

AGAIN_AFTER = 0.5


async def wait_for_database(engine: AsyncEngine) -> None:
    """Return once the database answers.

    LiteLLM's worker fails where its database is away, and gunicorn stops all workers, those that serve included, where
    a new one fails to start.
    """
    waiting = False
    while True:
        try:
            async with engine.connect() as connection:
                await connection.execute(text("SELECT 1"))
        except (OperationalError, OSError) as error:
            if not waiting:
                log.warning("waiting for the database before this worker serves", reason=type(error).__name__)
            waiting = True
            await asyncio.sleep(AGAIN_AFTER)
        else:
            return
