"""Spools whose file is damaged: what can still be read of one, and where it is put for a person."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from inferspect.events.spool_table import EVENTS, SpooledEvent, event_of_row

SUFFIX = ".damaged"
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
PRIMARY_CODE = 0xFF
# From either end of the index to where it is damaged, and past it by the table itself.
WALKS = (
    "SELECT id FROM events ORDER BY id",
    "SELECT id FROM events ORDER BY id DESC",
    "SELECT id FROM events NOT INDEXED",
)
WITHOUT_CONTENT = "SELECT id, revision, complete, written_at, body, NULL FROM events"
# The last goes through the whole table; few ids come to that.
READINGS = (
    f"{EVENTS} WHERE events.id = ?",
    f"{WITHOUT_CONTENT} WHERE id = ?",
    f"{WITHOUT_CONTENT} NOT INDEXED WHERE id = ?",
)


def is_damage(error: Exception) -> bool:
    """Whether trying again would change nothing, unlike a full disk or a file that is in use."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & PRIMARY_CODE in DAMAGE


def readable_ids(database: sqlite3.Connection) -> list[str]:
    """Ids of the events that can be reached."""
    found: dict[str, None] = {}
    for walk in WALKS:
        with suppress(sqlite3.DatabaseError):
            for (id_,) in database.execute(walk):
                found[id_] = None
    return list(found)


def readable_events(database: sqlite3.Connection, ids: list[str]) -> list[SpooledEvent]:
    """Those of the events that can be read, without its content where only that cannot."""
    return [event for id_ in ids if (event := _event(database, id_)) is not None]


def _event(database: sqlite3.Connection, id_: str) -> SpooledEvent | None:
    for query in READINGS:
        with suppress(sqlite3.DatabaseError):
            row = database.execute(query, (id_,)).fetchone()
            return None if row is None else event_of_row(row)
    return None


def put_away(spool: Path) -> Path:
    """Rename the file of a spool that is closed, so that nobody adopts it again; returns its new name.

    Raises:
        OSError: it cannot be renamed.
    """
    kept = spool.with_name(spool.name + SUFFIX)
    log = spool.with_name(spool.name + "-wal")
    if log.exists():
        log.rename(kept.with_name(kept.name + "-wal"))
    spool.rename(kept)
    spool.with_name(spool.name + "-shm").unlink(missing_ok=True)
    spool.with_suffix(".lock").unlink(missing_ok=True)
    return kept
