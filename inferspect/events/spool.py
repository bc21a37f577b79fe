"""The spool: a worker's events on disk until the database has them.

One SQLite file for each worker process, in WAL mode. A commit is in the kernel's page cache when it returns, so a
killed process loses nothing; a machine that loses power loses at most the last moments. What a dead process leaves is
an orphan, which any other worker may adopt.

A thread does what takes long or may have to wait: reading, removing, and bringing the write-ahead log into the file.
An event is written where it arises, which takes a tenth of a millisecond: handing it to a thread takes several times
that, and would let whatever else is ready go before the response that waits for it.
"""

from __future__ import annotations

import asyncio
import os
import queue
import shutil
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from inferspect.events import spool_table
from inferspect.events.damaged import is_damage, readable_events, readable_ids
from inferspect.events.spool_files import files_of, take_lock
from inferspect.events.spool_table import SpooledEvent

__all__ = ["DamagedSpoolError", "Spool", "SpoolError", "SpooledEvent", "open_spool"]

log = structlog.get_logger("inferspect.events")

GROUP = 256
AT_ONCE = 64 * 1024  # bytes that are written without a thread
CHECKPOINT_AFTER = 128  # such writes, of about ten pages each
ROOM = 1024**2  # bytes: less is a full disk to a new spool
TRY_EVERY = 1.0


class SpoolError(Exception):
    """The spool cannot be written: the disk is full, read-only or gone."""


class DamagedSpoolError(SpoolError):
    """Its file is damaged or no spool: that will not change by itself."""


class Spool:
    """The spool of this process. The event loop waits neither for a lock nor for the disk's own pace.

    Args:
        folder: where all workers keep their spools.
        path: the file to adopt; a new one is made where it is ``None``.

    Raises:
        SpoolError: the folder cannot be written; :class:`DamagedSpoolError`: what was to be adopted is damaged.
    """

    def __init__(self, folder: Path, path: Path | None = None) -> None:
        self.path = path or folder / f"{uuid.uuid4().hex}.spool"
        self.failing: str | None = None
        self._written_at_once = 0
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = take_lock(self.path)
        except OSError as error:
            raise SpoolError(f"the event spool {self.path} cannot be opened: {error}") from error
        try:
            self._database, self._at_once = spool_table.open_databases(self.path)
            self._size = spool_table.size(self._database)
        except sqlite3.Error as error:
            os.close(self._lock)
            raise _told(f"the event spool {self.path} cannot be opened: {error}", error) from error
        self._work: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    async def write(self, event: SpooledEvent) -> None:
        """Returns when the event would survive this process.

        Raises:
            SpoolError: it could not be written; ``failing`` says why until a write succeeds again.
        """
        if not self._write_at_once(event):
            await self._submit(lambda database: spool_table.upsert(database, event), commits=True)

    async def ripe(self, limit: int, settled_before: float) -> list[SpooledEvent]:
        """Events to be shipped, oldest first: the complete, and those written before ``settled_before``."""
        events: list[SpooledEvent] = await self._submit(
            lambda database: spool_table.ripe(database, limit, settled_before)
        )
        return events

    async def remove(self, events: list[SpooledEvent]) -> None:
        """Forget shipped events, but not where a newer revision has been written since."""
        await self._submit(lambda database: spool_table.remove(database, events), commits=True)
        await self._submit(spool_table.give_back)

    async def readable_ids(self) -> list[str]:
        """Ids of all events that can be reached where the file is damaged."""
        ids: list[str] = await self._submit(readable_ids)
        return ids

    async def readable_events(self, ids: list[str]) -> list[SpooledEvent]:
        """Those of these events that can be read where the file is damaged."""
        events: list[SpooledEvent] = await self._submit(lambda database: readable_events(database, ids))
        return events

    async def depth(self) -> int:
        """Number of events that wait."""
        return int(await self._submit(lambda database: database.execute("SELECT count(*) FROM events").fetchone()[0]))

    async def drop_contents(self, least: int) -> int:
        """Forget the oldest contents, of so many bytes together, so that there is room for events; returns how many."""
        dropped = await self._submit(lambda database: spool_table.drop_contents(database, least), commits=True)
        await self._submit(spool_table.give_back)
        return int(dropped)

    def size(self) -> int:
        """Bytes that events and contents take, as of the last write. What is free within the file does not count."""
        return self._size

    def close(self, *, delete: bool = False) -> None:
        """Finish what was submitted and let the file go; ``delete`` an empty spool that nobody needs again."""
        self._work.put(None)
        self._thread.join()
        self._at_once.close()
        self._database.close()
        if delete:
            for path in files_of(self.path):
                path.unlink(missing_ok=True)
        os.close(self._lock)

    def _write_at_once(self, event: SpooledEvent) -> bool:
        """Whether it is written; else it is up to the thread, which waits for whoever is in the way, and tells why."""
        if len(event.body) + len(event.content or b"") > AT_ONCE:
            return False
        try:
            with spool_table.transaction(self._at_once):
                spool_table.upsert(self._at_once, event)
            self._size = spool_table.size(self._at_once)
        except (sqlite3.Error, OverflowError):
            return False
        self.failing = None
        self._written_at_once += 1
        if self._written_at_once % CHECKPOINT_AFTER == 0:
            self._put(spool_table.checkpoint)
        return True

    async def _submit(self, action: Callable[[sqlite3.Connection], Any], *, commits: bool = False) -> Any:
        return await self._put(action, commits=commits)

    def _put(self, action: Callable[[sqlite3.Connection], Any], *, commits: bool = False) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        job = _Job(action, commits, loop, loop.create_future())
        self._work.put(job)
        return job.future

    def _run(self) -> None:
        for jobs in self._groups():
            results = self._execute(jobs)
            for job, result in zip(jobs, results, strict=True):
                job.answer(result)

    def _groups(self) -> Iterator[list[_Job]]:
        """Jobs that waited together are one transaction, so a busy worker commits less often than it writes."""
        while (job := self._work.get()) is not None:
            jobs = [job]
            with suppress(queue.Empty):
                while len(jobs) < GROUP:
                    following = self._work.get_nowait()
                    if following is None:
                        self._work.put(None)
                        break
                    jobs.append(following)
            yield jobs

    def _execute(self, jobs: list[_Job]) -> list[Any]:
        writes = any(job.commits for job in jobs)
        try:
            with spool_table.transaction(self._database) if writes else nullcontext():
                results = [job.action(self._database) for job in jobs]
            if writes:
                self._size = spool_table.size(self._database)
        except Exception as error:  # noqa: BLE001  this thread must live: every request waits for it
            if len(jobs) > 1:  # one of them may be at fault, the others shall not suffer for it
                return [result for job in jobs for result in self._execute([job])]
            self.failing = str(error)
            return [_told(f"the event spool {self.path.name} cannot be used: {error}", error)]
        if writes:
            self.failing = None
        return results


@dataclass(frozen=True, slots=True)
class _Job:
    action: Callable[[sqlite3.Connection], Any]
    commits: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

    def answer(self, result: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits for the answer any more
            self.loop.call_soon_threadsafe(self._settle, result)

    def _settle(self, result: Any) -> None:
        if self.future.cancelled():
            return
        if isinstance(result, SpoolError):
            self.future.set_exception(result)
        else:
            self.future.set_result(result)


async def open_spool(folder: Path) -> Spool:
    """A new spool; where the disk is full, once there is room for one.

    A worker that ended instead would take the whole gateway with it, also those that still have requests under way.

    Raises:
        SpoolError: the folder cannot be written for another reason.
    """
    path = folder / f"{uuid.uuid4().hex}.spool"
    while True:
        try:
            return Spool(folder, path)
        except SpoolError as error:
            if not _is_full(folder):
                raise
            log.warning("the worker waits for room on the disk", reason=str(error))
        await asyncio.sleep(TRY_EVERY)


def _is_full(folder: Path) -> bool:
    return folder.exists() and shutil.disk_usage(folder).free < ROOM


def _told(message: str, error: Exception) -> SpoolError:
    return DamagedSpoolError(message) if is_damage(error) else SpoolError(message)
