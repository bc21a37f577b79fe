"""The files of a spool, and the lock that tells a living one from an orphan: it goes with the process that holds it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


def orphans(folder: Path) -> Iterator[Path]:
    """Spools in the folder whose process is gone."""
    return (path for path in sorted(folder.glob("*.spool")) if is_orphan(path))


def is_orphan(spool: Path) -> bool:
    """Whether the process of a spool is gone."""
    try:
        os.close(take_lock(spool))
    except OSError:
        return False
    return True


def lock_path(spool: Path) -> Path:
    return spool.with_suffix(".lock")


def take_lock(spool: Path) -> int:
    """A descriptor that holds the lock until it is closed.

    Raises:
        OSError: another process holds it, or its file cannot be written.
    """
    descriptor = os.open(lock_path(spool), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def files_of(spool: Path) -> tuple[Path, ...]:
    """All of a spool, the lock last."""
    logs = (spool.with_name(spool.name + suffix) for suffix in ("-wal", "-shm"))
    return (spool, *logs, lock_path(spool))
