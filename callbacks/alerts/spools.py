"""Tells the database what waits in the spools of this machine: the leader that evaluates alerts may be on another.

All spools of the data folder are told of, also those whose worker has ended and that nobody has adopted yet.
"""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.events import spool_table
from inferspect.events.spool import is_orphan
from inferspect.store.alerts.workers import tell_spools

log = structlog.get_logger("inferspect.alerts")

TELL_EVERY = 5.0
PATIENCE = 1.0


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """What waits in one spool; ``oldest_seconds`` is the age of the oldest event that could have been shipped."""

    worker_id: str
    depth: int
    oldest_seconds: float


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
        self._unreadable: set[str] = set()
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
        found = await asyncio.to_thread(self._read)
        rows = [
            {"worker_id": one.worker_id, "spool_depth": one.depth, "oldest_seconds": one.oldest_seconds}
            for one in found
        ]
        async with self._engine.begin() as connection:
            await tell_spools(connection, self._place, rows)

    def _read(self) -> list[SpoolStatus]:
        found = []
        for path in sorted(self._folder.glob("*.spool")):
            try:
                found.append(status_of(path, self._settle_after))
                self._unreadable.discard(path.name)
            except sqlite3.Error as error:
                if path.exists() and path.name not in self._unreadable:  # else it was shipped and removed meanwhile
                    self._unreadable.add(path.name)
                    log.warning("a spool cannot be looked into", spool=path.name, reason=str(error))
        return found


def status_of(path: Path, settle_after: float) -> SpoolStatus:
    """What waits in a spool, read beside the worker that writes it.

    What a worker keeps there on purpose, for its cost or until its request has ended, has no age; where the worker has
    ended, everything has.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=PATIENCE)
    try:
        depth, oldest = database.execute("SELECT count(*), min(written_at) FROM events").fetchone()
        if not is_orphan(path):
            oldest = spool_table.oldest(database, time.time() - settle_after)
    finally:
        database.close()
    return SpoolStatus(path.stem, depth, 0.0 if oldest is None else max(0.0, time.time() - oldest))
