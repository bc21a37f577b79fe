"""What lies in the folder of spools: what waits in each, its worker living or not, and what waits for a person."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass, field
from pathlib import Path

from inferspect.events import spool_table
from inferspect.events.damaged import SUFFIX
from inferspect.events.dead_letters import FILE
from inferspect.events.spool_files import is_orphan

PATIENCE = 1.0  # seconds for a spool that is being written
BLOCK = 1024**2


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """What waits in one spool.

    Attributes:
        oldest_seconds: age of the oldest event that could have been shipped.
        bytes: on disk, with the write-ahead log.
    """

    worker_id: str
    depth: int
    oldest_seconds: float
    bytes: int


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """What lies in the folder.

    Attributes:
        unreadable: reasons by the names of spools that cannot be looked into.
        set_aside: number of events that the database does not take.
        damaged: names of spools of which not all could be read.
    """

    spools: list[SpoolStatus] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)
    set_aside: int = 0
    damaged: list[str] = field(default_factory=list)

    @property
    def depth(self) -> int:
        return sum(spool.depth for spool in self.spools)

    @property
    def oldest_seconds(self) -> float:
        return max((spool.oldest_seconds for spool in self.spools), default=0.0)

    @property
    def bytes(self) -> int:
        return sum(spool.bytes for spool in self.spools)


def look_into(folder: Path, settle_after: float) -> FolderStatus:
    """All that is in the folder now.

    Args:
        settle_after: seconds that a worker keeps an event for its cost.

    Raises:
        OSError: the folder or the file of what was set aside cannot be read.
    """
    found = FolderStatus(
        set_aside=_lines(folder / FILE), damaged=sorted(path.name for path in folder.glob(f"*{SUFFIX}"))
    )
    for path in sorted(folder.glob("*.spool")):
        try:
            found.spools.append(status_of(path, settle_after))
        except (sqlite3.Error, OSError) as error:
            if path.exists():  # else it was shipped and removed meanwhile
                found.unreadable[path.name] = str(error)
    return found


def status_of(path: Path, settle_after: float) -> SpoolStatus:
    """What waits in a spool, read beside the worker that writes it.

    What a worker keeps there on purpose, for its cost or until its request has ended, has no age; where the worker has
    ended, everything has.

    Raises:
        sqlite3.Error, OSError: it cannot be read.
    """
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=PATIENCE)
    try:
        depth, oldest = database.execute("SELECT count(*), min(written_at) FROM events").fetchone()
        if not is_orphan(path):
            oldest = spool_table.oldest(database, time.time() - settle_after)
    finally:
        database.close()
    size = sum(part.stat().st_size for part in (path, path.with_name(path.name + "-wal")) if part.exists())
    return SpoolStatus(path.stem, depth, 0.0 if oldest is None else max(0.0, time.time() - oldest), size)


def _lines(path: Path) -> int:
    """Without holding the file in memory, which nothing bounds."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))
