"""Room on the disk that is kept for the events of requests that have been accepted, should the disk fill up."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

SIZE = 8 * 1024**2
AT_LEAST = 2  # times its size must be free before it is made, or it would take the last room from those it is for


class Reserve:
    """A file beside a spool that takes room as long as there is enough, and is deleted when there is none.

    Attributes:
        held: the file is there, so there will be room for what is under way.
    """

    def __init__(self, spool: Path) -> None:
        self._path = reserve_path(spool)
        self.held = False

    def make(self) -> None:
        """Take the room where there is enough; ``held`` says whether it was. To be called where it may take a while."""
        try:
            if shutil.disk_usage(self._path.parent).free < AT_LEAST * SIZE:
                return
            with self._path.open("wb") as file:
                file.write(os.urandom(SIZE))  # a file system that compresses gives zeros no room
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            self.free()
            return
        self.held = self._path.exists()  # not where it was freed meanwhile

    def free(self) -> None:
        """Give the room to whoever writes next."""
        self.held = False
        with suppress(OSError):  # it is not there, or nothing there can be written any more
            self._path.unlink()


def reserve_path(spool: Path) -> Path:
    return spool.with_suffix(".reserve")
