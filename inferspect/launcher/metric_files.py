"""The folder in which the gateway's processes leave their figures for Prometheus, a file for each place.

prometheus_client names a process's files by its pid. The counters of a process that died must stay, so each restart of
a worker would add files for good. Here a process takes a place instead, ``w0``, ``w1``, ...: the lowest that no living
process holds. Who follows a dead process in its place reads its files and counts on from there.

The files are mapped into memory. A page that is written to while the disk has no room for it ends the process (SIGBUS),
so the room is taken before.
"""

from __future__ import annotations

import fcntl
import mmap
import os
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

from inferspect.launcher.home import LaunchError

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
INITIAL_SIZE = 1 << 16
LONGEST_FRAME = 32  # bytes of an entry besides its key: its length, padding, value and time
LEFT_BEHIND = ("*.db", "*.place", "tenants.jsonl", "litellm_admitted_series_*")


def prepare(folder: Path) -> None:
    """Make the folder and remove what an earlier run left: figures count from the gateway's start.

    Raises:
        LaunchError: it cannot be made or emptied.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for pattern in LEFT_BEHIND:
            for path in folder.glob(pattern):
                path.unlink(missing_ok=True)
    except OSError as error:
        raise LaunchError(
            f"The folder of figures {folder} cannot be prepared ({error.strerror}). Correct its permissions, or name "
            f"another one in {SHARED_FOLDER}."
        ) from error


def use_places() -> None:
    """Have this process, and those forked from it, keep their figures by place; before the first metric is made."""
    folder = os.environ.get(SHARED_FOLDER)
    if folder:
        take: Callable[[], str] = Places(Path(folder))
        values.MmapedDict = FiguresFile  # type: ignore[attr-defined]
        values.ValueClass = values.MultiProcessValue(take)  # type: ignore[no-untyped-call]


class FiguresFile(MmapedDict):
    """A file of figures that has its room on the disk.

    While there is none for more, a figure that is new is known to its process alone, which writes it when it changes.

    Raises:
        OSError: there is no room for a file at all.
    """

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if not read_mode:
            with Path(filename).open("ab") as file:
                if not file.tell():
                    _append_zeros(file.fileno(), INITIAL_SIZE)
        super().__init__(filename, read_mode)  # type: ignore[no-untyped-call]

    def read_value(self, key: str) -> tuple[float, float]:
        try:
            value: tuple[float, float] = super().read_value(key)  # type: ignore[no-untyped-call]
        except OSError:
            return 0.0, 0.0
        return value

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        with suppress(OSError):
            super().write_value(key, value, timestamp)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        while self._used + len(key.encode()) + LONGEST_FRAME > self._capacity:
            _append_zeros(self._f.fileno(), self._capacity)
            self._capacity *= 2
            self._m = mmap.mmap(self._f.fileno(), self._capacity)
        super()._init_value(key)  # type: ignore[no-untyped-call]


def _append_zeros(descriptor: int, count: int) -> None:
    """Unlike truncating, this takes room; all of it, or none."""
    size = os.fstat(descriptor).st_size
    try:
        left = count
        while left:
            left -= os.write(descriptor, bytes(left))
    except OSError:
        os.ftruncate(descriptor, size)
        raise


class Places:
    """Tells a process its place; asked at each change of a figure. A process that is forked takes its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place: str | None = None
        self._lock: int | None = None
        os.register_at_fork(after_in_child=self._forget)

    def __call__(self) -> str:
        return self._take() if self._place is None else self._place

    def _forget(self) -> None:
        self._place = None

    def _take(self) -> str:
        if self._lock is not None:
            os.close(self._lock)  # the parent's, which keeps its lock: a lock of this kind belongs to a process
        for number in count():
            place = f"w{number}"
            lock = _lock(self._folder / f"{place}.place")
            if lock is not None:
                self._place, self._lock = place, lock
                break
        for path in self._folder.glob(f"gauge_live*_{place}.db"):  # they tell of a process that is no more
            path.unlink(missing_ok=True)
        return place


def _lock(path: Path) -> int | None:
    """A descriptor that holds the lock until this process ends, however it ends; ``None`` where another has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
