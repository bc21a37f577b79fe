"""Tells the database what waits in the spools of this machine: the leader that evaluates alerts may be on another.

All spools of the data folder are told of, also those whose worker has ended and that nobody has adopted yet.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Set as AbstractSet
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.events.folder import look_into
from inferspect.store.alerts.workers import tell_spools

log = structlog.get_logger("inferspect.alerts")

TELL_EVERY = 5.0


class SpoolTeller:
    """Tells of the spools of one folder until it is cancelled.

    Args:
        settle_after: seconds that a worker keeps an event for its cost.
    """

    def __init__(self, engine: AsyncEngine, folder: Path, settle_after: float) -> None:
        self._engine = engine
        self._settle_after = settle_after
        self._folder = folder.absolute()
        self._place = f"{socket.gethostname()}:{self._folder}"
        self._unreadable: AbstractSet[str] = set()
        self._away = False

    async def run(self) -> None:
        """Tell for ever; while the database is away its leader evaluates nothing either."""
        while True:
            try:
                await self.tell()
                self._away = False
            except (SQLAlchemyError, OSError) as error:
                if not self._away:
                    log.warning("the state of the spools cannot be told", reason=type(error).__name__)
                self._away = True
            await asyncio.sleep(TELL_EVERY)

    async def tell(self) -> None:
        """Tell once.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database did not take it.
        """
        found = await asyncio.to_thread(look_into, self._folder, self._settle_after)
        self._log(found.unreadable)
        rows = [
            {
                "worker_id": one.worker_id,
                "spool_depth": one.depth,
                "oldest_seconds": one.oldest_seconds,
                "set_aside": found.set_aside,
            }
            for one in found.spools
        ]
        async with self._engine.begin() as connection:
            await tell_spools(connection, self._place, rows)

    def _log(self, unreadable: dict[str, str]) -> None:
        for name in unreadable.keys() - self._unreadable:
            log.warning("a spool cannot be looked into", spool=name, reason=unreadable[name])
        self._unreadable = unreadable.keys()
