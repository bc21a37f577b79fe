"""Puts the logs of the data folder aside before they are too large, and removes old ones.

The launcher alone does it, for all processes. The gateway's processes notice that their file has moved and write on in
a new one (:mod:`inferspect.logs.line_handler`), so no line is lost. Services of others keep their file open, so theirs
is copied and emptied: what they write between the two is lost.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from inferspect.settings import LogSettings

log = structlog.get_logger("inferspect.launcher")

FOLLOWED = frozenset({"gateway.log", "deliveries.log"})
LOOKED_EVERY = 5.0  # seconds
DAY = 24 * 3600


class LogFiles:
    """The logs of one folder, all its ``*.log``."""

    def __init__(self, folder: Path, settings: LogSettings) -> None:
        self._folder = folder
        self._settings = settings
        self._begun: dict[Path, int] = {}

    async def keep_rotating(self) -> None:
        """Look after them for ever."""
        while True:
            try:
                await asyncio.to_thread(self.rotate)
            except OSError as error:
                log.error("logs cannot be put aside", folder=str(self._folder), reason=error.strerror)
            await asyncio.sleep(LOOKED_EVERY)

    def rotate(self) -> None:
        """Put aside every log that is too large or has lines of an earlier day (UTC); remove what is kept no longer.

        Raises:
            OSError: a file cannot be moved or removed.
        """
        for path in sorted(self._folder.glob("*.log")):
            if _is_set_aside(path):
                continue
            if self._is_due(path):
                _put_aside(path)
                self._begun[path] = _day(time.time())
            _remove_old(path, self._settings)

    def _is_due(self, path: Path) -> bool:
        status = path.stat()
        begun = self._begun.setdefault(path, _day(status.st_mtime))
        return status.st_size > 0 and (status.st_size >= self._settings.max_bytes or begun < _day(time.time()))


def set_aside(path: Path) -> list[Path]:
    """Earlier files of a log, the oldest first."""
    return sorted(other for other in path.parent.glob(f"{path.stem}-*.log") if _is_set_aside(other))


def _put_aside(path: Path) -> None:
    to = _free_name(path)
    if path.name in FOLLOWED:
        path.rename(to)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        return
    try:
        shutil.copy2(path, to)
    except OSError:  # no room: what is emptied makes some
        to.unlink(missing_ok=True)
    os.truncate(path, 0)


def _free_name(path: Path) -> Path:
    moment = datetime.now(UTC)
    while (to := path.with_name(f"{path.stem}-{moment:%Y%m%dT%H%M%S%f}.log")).exists():
        moment = datetime.now(UTC)
    return to


def _remove_old(path: Path, settings: LogSettings) -> None:
    earlier = set_aside(path)
    oldest = time.time() - settings.keep_days * DAY
    for other in earlier[: -settings.keep_files]:
        other.unlink(missing_ok=True)
    for other in earlier[-settings.keep_files :]:
        if other.stat().st_mtime < oldest:
            other.unlink(missing_ok=True)


def _is_set_aside(path: Path) -> bool:
    moment = path.stem.rpartition("-")[2]
    try:
        datetime.strptime(moment, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return False
    return True


def _day(moment: float) -> int:
    return int(moment // DAY)
