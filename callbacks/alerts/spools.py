"""Tells the database what waits in the spools of this machine: the leader that evaluates alerts may be on another.

All spools of the data folder are told of, also those whose worker has ended and that nobody has adopted yet. The folder
is known by an id that lies in it, as a container that is made again has another host name.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
import uuid
from collections.abc import Set as AbstractSet
from contextlib import suppress
from pathlib import Path

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.events.folder import look_into
from inferspect.store.alerts.workers import tell_spools

log = structlog.get_logger("inferspect.alerts")

TELL_EVERY = 5.0
PLACE = "place"  # the file with the folder's id
DRAINED_WITHIN = 2.5  # seconds; a bit more than the shipper takes for what is left when the process ends
LAST_WORDS = 1.0
LOOK_EVERY = 0.1


class SpoolTeller:
    """Tells of the spools of one folder until it is cancelled.

    Args:
        settle_after: seconds that a worker keeps an event for its cost.
    """

    def __init__(self, engine: AsyncEngine, folder: Path, settle_after: float) -> None:
        self._engine = engine
        self._settle_after = settle_after
        self._folder = folder.absolute()
        self._unreadable: AbstractSet[str] = set()
        self._away = False

    async def run(self) -> None:
        """Tell until cancelled, then of what is left.

        While the database is away its leader evaluates nothing either.
        """
        try:
            await self._run()
        except asyncio.CancelledError:
            with suppress(SQLAlchemyError, OSError):
                await self._tell_last()
            raise

    async def _run(self) -> None:
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
            OSError: the folder cannot be read, or not be written where it has no id.
            sqlalchemy.exc.SQLAlchemyError: the database did not take it.
        """
        place = await asyncio.to_thread(place_of, self._folder)
        found = await asyncio.to_thread(look_into, self._folder, self._settle_after)
        self._log(found.unreadable)
        rows = [
            {
                "worker_id": one.worker_id,
                "spool_depth": one.depth,
                "oldest_seconds": one.oldest_seconds,
                "set_aside": found.set_aside,
                "host": f"{socket.gethostname()}:{self._folder}",
            }
            for one in found.spools
        ]
        async with self._engine.begin() as connection:
            await tell_spools(connection, place, rows)

    async def _tell_last(self) -> None:
        """When the shipper has shipped what was left: else it would seem to wait after this machine is gone."""
        until = time.monotonic() + DRAINED_WITHIN
        while await asyncio.to_thread(self._depth) > 0:
            if time.monotonic() > until:
                break
            await asyncio.sleep(LOOK_EVERY)
        async with asyncio.timeout(LAST_WORDS):
            await self.tell()

    def _depth(self) -> int:
        return look_into(self._folder, self._settle_after).depth

    def _log(self, unreadable: dict[str, str]) -> None:
        for name in unreadable.keys() - self._unreadable:
            log.warning("a spool cannot be looked into", spool=name, reason=unreadable[name])
        self._unreadable = unreadable.keys()


def place_of(folder: Path) -> str:
    """The folder's id, made where there is none; of processes that make one at once all get the same.

    Raises:
        OSError: it cannot be read or written.
    """
    file = folder / PLACE
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mine = folder / f"{PLACE}.{uuid.uuid4().hex}"
        mine.write_text(uuid.uuid4().hex, encoding="ascii")
        with suppress(FileExistsError):
            os.link(mine, file)
        mine.unlink()
    return file.read_text(encoding="ascii")
