"""Has one process of all do what should be done once: evaluate alerts, drop old partitions.

The leader holds a lock of the database's session on a connection of its own; whoever finds it free leads next. Where a
leader's network fails, the database frees the lock only once it has noticed, and the leader stops when its connection
fails; as both may see it at different times, work must bear that two do it for a moment.
"""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import psycopg
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from inferspect.store.tables import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger("inferspect.store")

TRY_EVERY = 5.0
CHECK_EVERY = 2.0
CHECK_PATIENCE = 10.0
KEEPALIVE: dict[str, Any] = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "connect_timeout": 10,
}
KEY = "hashtextextended({}, 0)"
DATABASE_AWAY = (SQLAlchemyError, psycopg.Error, OSError, TimeoutError)


async def lead(engine: AsyncEngine, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run ``work()`` for as long as this process is the leader of that name; for ever, until cancelled.

    ``work`` is cancelled when the connection to the database is lost. Where it returns or raises, the lead is given
    up, and this or another process takes it some seconds later.

    Args:
        name: of the work, the same in all processes.
    """
    away = False
    while True:
        try:
            if await _is_vacant(engine, name):
                await _lead_once(engine, name, work)
            away = False
        except DATABASE_AWAY as error:
            if not away:
                log.warning("no leader can be chosen for now", work=name, reason=type(error).__name__)
            away = True
        await asyncio.sleep(TRY_EVERY * random.uniform(0.5, 1.0))  # noqa: S311  spreads attempts, keeps no secret


async def _is_vacant(engine: AsyncEngine, name: str) -> bool:
    """Whether nobody leads: a look through the pool, so that those who do not lead keep no connection."""
    async with engine.begin() as connection:
        free = await connection.execute(
            text(f"SELECT pg_try_advisory_xact_lock_shared({KEY.format(':lock')})"), {"lock": _lock(name)}
        )
        return bool(free.scalar_one())


async def _lead_once(engine: AsyncEngine, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(address, autocommit=True, **KEEPALIVE) as connection:
        taken = await connection.execute(f"SELECT pg_try_advisory_lock({KEY.format('%s')})", (_lock(name),))
        if (await taken.fetchone()) != (True,):
            return
        log.info("this process leads", work=name)
        working, watching = asyncio.ensure_future(work()), asyncio.ensure_future(_watch(connection))
        try:
            await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end(watching)
            await _end(working)
        _report(name, working)


async def _watch(connection: psycopg.AsyncConnection[Any]) -> None:
    """Return when the connection has failed, and with it the lock."""
    with suppress(*DATABASE_AWAY):
        while True:
            # Listening notices at once that the server has closed the connection, asking that nothing answers.
            async for _ in connection.notifies(timeout=CHECK_EVERY):
                pass
            async with asyncio.timeout(CHECK_PATIENCE):
                await connection.execute("SELECT 1")


async def _end(task: asyncio.Future[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _report(name: str, working: asyncio.Future[None]) -> None:
    if working.cancelled():
        log.warning("this process leads no longer", work=name, reason="the connection to the database is lost")
    elif (error := working.exception()) is not None:
        log.error("the work of the leader failed", work=name, exc_info=error)
    else:
        log.info("this process leads no longer", work=name, reason="the work is done")


def _lock(name: str) -> str:
    return f"{SCHEMA}.leader.{name}"
