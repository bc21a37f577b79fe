"""Folders for the time of one report or run; what a killed process left behind is removed by the next."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "report-"


@contextmanager
def work_folder(parent: Path, prefix: str = PREFIX) -> Iterator[Path]:
    """A folder that only its owner can read, and that is gone afterwards."""
    parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = None
    while lock is None:  # who removes leftovers may have taken it before it was locked
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        lock = _locked(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def remove_leftovers(parent: Path, prefix: str = PREFIX) -> int:
    """Remove the folders of processes that are gone; returns how many."""
    removed = 0
    for folder in sorted(parent.glob(f"{prefix}*")):
        lock = _locked(folder)
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)
            removed += 1
    return removed


def _locked(folder: Path) -> int | None:
    """A lock that goes with the process; ``None`` where another has it or has removed the folder, or it is not ours."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    if not folder.is_dir():
        os.close(descriptor)
        return None
    return descriptor
