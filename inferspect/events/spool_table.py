"""The table of a spool file, and the statements on it; all synchronous, for the spool's thread."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    written_at REAL NOT NULL,
    body BLOB NOT NULL,
    content BLOB
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS events_by_age ON events (written_at)
"""
SLACK_PAGES = 256  # of 4 KiB, that an emptied spool may keep; more is given back to the disk


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
        database.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of a new file; it has no effect on one that has tables
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.executescript(SCHEMA)
        if not any(column[1] == "content" for column in database.execute("PRAGMA table_info(events)")):
            database.execute("ALTER TABLE events ADD COLUMN content BLOB")  # of a worker that ran before the update
    except sqlite3.Error:
        database.close()
        raise
    return database


def give_back(database: sqlite3.Connection) -> None:
    """Return the room of removed events to the disk; otherwise a spool that was full once would count as full for ever.

    That works outside of a transaction only; within one, which is shared with writes, it is left to the next removal.
    """
    if database.in_transaction:
        return
    if database.execute("PRAGMA freelist_count").fetchone()[0] > SLACK_PAGES:
        database.executescript("PRAGMA incremental_vacuum")  # `execute` would stop after one page
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def upsert(database: sqlite3.Connection, event: SpooledEvent) -> None:
    database.execute(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET revision = excluded.revision,"
        " complete = excluded.complete, written_at = excluded.written_at, body = excluded.body,"
        " content = coalesce(excluded.content, events.content)"
        " WHERE excluded.revision > events.revision",
        (event.id, event.revision, event.complete, event.written_at, event.body, event.content),
    )


def ripe(database: sqlite3.Connection, limit: int, settled_before: float) -> list[SpooledEvent]:
    rows = database.execute(
        "SELECT id, revision, complete, written_at, body, content FROM events WHERE complete OR written_at < ?"
        " ORDER BY written_at LIMIT ?",
        (settled_before, limit),
    )
    return [SpooledEvent(id_, revision, bool(complete), *rest) for id_, revision, complete, *rest in rows]


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


def drop_contents(database: sqlite3.Connection, limit: int) -> int:
    """Forget the contents of the oldest events that have any, and keep the events; returns how many."""
    return database.execute(
        "UPDATE events SET content = NULL WHERE id IN"
        " (SELECT id FROM events WHERE content IS NOT NULL ORDER BY written_at LIMIT ?)",
        (limit,),
    ).rowcount


def remove(database: sqlite3.Connection, events: list[SpooledEvent]) -> None:
    database.executemany(
        "DELETE FROM events WHERE id = ? AND revision = ?", [(event.id, event.revision) for event in events]
    )
