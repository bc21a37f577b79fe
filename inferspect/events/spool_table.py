"""The tables of a spool file, and the statements on them; all synchronous."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Contents stand apart, so that those of many events can be dropped without a look at the events.
SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    written_at REAL NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_age ON events (written_at);
CREATE TABLE IF NOT EXISTS contents (
    id TEXT PRIMARY KEY,
    written_at REAL NOT NULL,
    content BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS contents_by_age ON contents (written_at)
"""
EVENTS = (
    "SELECT events.id, events.revision, events.complete, events.written_at, events.body, contents.content"
    " FROM events LEFT JOIN contents USING (id)"
)
PUT_CONTENT = "INSERT OR REPLACE INTO contents VALUES (?, ?, ?)"
PUT_MISSING_CONTENT = "INSERT OR IGNORE INTO contents VALUES (?, ?, ?)"
SLACK_PAGES = 256  # of 4 KiB, that an emptied spool may keep; more is given back to the disk
PATIENCE = 5000  # milliseconds, for another process that holds the database


@dataclass(frozen=True, slots=True)
class SpooledEvent:
    """One row of a spool.

    Attributes:
        written_at: Unix time in seconds, of this revision.
        body: the event as JSON.
        content: what was asked and answered, as JSON with ``input`` and ``output``.
    """

    id: str
    revision: int
    complete: bool
    written_at: float
    body: bytes
    content: bytes | None = None


def open_database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        database.execute(f"PRAGMA busy_timeout={PATIENCE}")
        database.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of a new file; it has no effect on one that has tables
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.executescript(SCHEMA)
    except sqlite3.Error:
        database.close()
        raise
    return database


def open_databases(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """Two connections: one for what takes its time, and one that never waits, neither for a lock nor for the disk."""
    database = open_database(path)
    try:
        at_once = sqlite3.connect(path, timeout=0, check_same_thread=False, isolation_level=None)
        at_once.execute("PRAGMA synchronous=NORMAL")
        at_once.execute("PRAGMA wal_autocheckpoint=0")
    except sqlite3.Error:
        database.close()
        raise
    return database, at_once


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise


def checkpoint(database: sqlite3.Connection) -> None:
    """Bring the write-ahead log into the file, and begin it anew: whoever writes first after that waits for the disk.

    That works outside of a transaction only; one of the same connection does it at its end. What fails is tried again.
    """
    if database.in_transaction:
        return
    with suppress(sqlite3.Error):
        database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        database.execute("PRAGMA user_version=0")


def size(database: sqlite3.Connection) -> int:
    """Bytes of the pages that are in use, whether they are in the file already or in the write-ahead log."""
    pages, free, page = (
        int(database.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * page


def give_back(database: sqlite3.Connection) -> None:
    """Return the room of removed events to the disk; otherwise a spool that was full once would take it for ever.

    That works outside of a transaction only; within one, which is shared with writes, it is left to the next removal.
    """
    if database.in_transaction:
        return
    if database.execute("PRAGMA freelist_count").fetchone()[0] > SLACK_PAGES:
        database.executescript("PRAGMA incremental_vacuum")  # `execute` would stop after one page
        database.execute("PRAGMA busy_timeout=0")  # all writes would wait for whoever reads
        try:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            database.execute(f"PRAGMA busy_timeout={PATIENCE}")


def upsert(database: sqlite3.Connection, event: SpooledEvent) -> None:
    """Write the event unless a newer revision is there; and its content, which no other revision may have brought."""
    database.execute(
        "INSERT INTO events (id, revision, complete, written_at, body) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET revision = excluded.revision,"
        " complete = excluded.complete, written_at = excluded.written_at, body = excluded.body"
        " WHERE excluded.revision > events.revision",
        (event.id, event.revision, event.complete, event.written_at, event.body),
    )
    if event.content is not None:
        newest = database.execute("SELECT revision FROM events WHERE id = ?", (event.id,)).fetchone()[0]
        database.execute(
            PUT_CONTENT if newest == event.revision else PUT_MISSING_CONTENT,
            (event.id, event.written_at, event.content),
        )


def ripe(database: sqlite3.Connection, limit: int, settled_before: float) -> list[SpooledEvent]:
    rows = database.execute(
        f"{EVENTS} WHERE complete OR events.written_at < ? ORDER BY events.written_at LIMIT ?", (settled_before, limit)
    )
    return [event_of_row(row) for row in rows]


def oldest(database: sqlite3.Connection, settled_before: float) -> float | None:
    """When the oldest event was written that could have been shipped, in Unix time; ``None`` where there is none.

    A request in progress stays in the spool until it has ended; that is long, and not late.
    """
    row = database.execute(
        "SELECT written_at FROM events WHERE complete OR (written_at < ? AND CASE WHEN json_valid(CAST(body AS TEXT))"
        " THEN json_extract(CAST(body AS TEXT), '$.result') IS NOT 'unknown' ELSE 1 END) ORDER BY written_at LIMIT 1",
        (settled_before,),
    ).fetchone()
    return None if row is None else float(row[0])


def drop_contents(database: sqlite3.Connection, least: int) -> int:
    """Forget the oldest contents, of so many bytes together, and keep their events; returns how many."""
    dropped: list[tuple[int]] = []
    for row, length in database.execute("SELECT rowid, length(content) FROM contents ORDER BY written_at"):
        if least <= 0:
            break
        dropped.append((row,))
        least -= length
    database.executemany("DELETE FROM contents WHERE rowid = ?", dropped)
    return len(dropped)


def remove(database: sqlite3.Connection, events: list[SpooledEvent]) -> None:
    """Forget events; but not where a newer revision has been written meanwhile, or a content that they are without."""
    for event in events:
        gone = database.execute(
            "DELETE FROM events WHERE id = ?1 AND revision = ?2"
            " AND (?3 OR NOT EXISTS (SELECT 1 FROM contents WHERE id = ?1))",
            (event.id, event.revision, event.content is not None),
        ).rowcount
        if gone:
            database.execute("DELETE FROM contents WHERE id = ?", (event.id,))


def event_of_row(row: tuple[Any, ...]) -> SpooledEvent:
    id_, revision, complete, *rest = row
    return SpooledEvent(id_, revision, bool(complete), *rest)
