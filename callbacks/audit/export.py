"""Writes entries of the audit log for others: JSON lines, which they can verify, or CSV, which they can open."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.store.audit.entry import FIELDS, canonical
from inferspect.store.audit.reading import AT_A_TIME, COLUMNS, entry_of, stream

Format = Literal["jsonl", "csv"]
MEDIA_TYPES: dict[Format, str] = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8"}

CHAINS = text(
    "SELECT chain FROM inferspect.audit_heads WHERE CAST(:chain AS text) IS NULL OR chain = :chain ORDER BY chain"
)
# Whole stretches of a chain, so that they can be verified: times of recording hardly ever run backwards, and where a
# clock did, what lies between is part of the stretch.
STRETCH = text(
    "SELECT min(sequence), max(sequence) FROM inferspect.audit_log WHERE chain = :chain"
    " AND (CAST(:since AS timestamptz) IS NULL OR recorded_at >= :since)"
    " AND (CAST(:until AS timestamptz) IS NULL OR recorded_at < :until)"
)
ENTRIES = (
    f"SELECT {COLUMNS} FROM inferspect.audit_log"  # noqa: S608  no value is in it
    " WHERE chain = :chain AND sequence BETWEEN :first AND :last ORDER BY sequence"
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


async def exported(
    engine: AsyncEngine,
    output: Format,
    *,
    chain: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> AsyncIterator[bytes]:
    """The export, some hundred entries at a time, of one moment.

    Args:
        chain: all chains, anchors included, where it is ``None``.
        since: first time of recording; ``until``: the first one after.

    Raises:
        sqlalchemy.exc.SQLAlchemyError, OSError: the database cannot be read; the export ends early.
    """
    if output == "csv":
        yield csv_lines([], header=True)
    async with engine.connect() as connection:
        await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        for name in (await connection.execute(CHAINS, {"chain": chain})).scalars().all():
            times = {"chain": name, "since": since, "until": until}
            first, last = (await connection.execute(STRETCH, times)).one()
            if first is None:
                continue
            stretch = {"chain": name, "first": first, "last": last}
            async for rows in stream(connection, ENTRIES, stretch, AT_A_TIME):
                entries = [entry_of(row) for row in rows]
                yield json_lines(entries) if output == "jsonl" else csv_lines(entries)


def json_lines(entries: list[dict[str, Any]]) -> bytes:
    """A line for each entry, in canonical form, with hash and seal."""
    return b"".join(canonical(entry) + b"\n" for entry in entries)


def csv_lines(entries: list[dict[str, Any]], *, header: bool = False) -> bytes:
    """Lines of RFC 4180, below one with the names of the columns where ``header``.

    What a spreadsheet would take for a formula begins with an apostrophe.
    """
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    if header:
        writer.writerow(FIELDS)
    for entry in entries:
        details = canonical(entry["details"]).decode()
        writer.writerow([_cell({**entry, "details": details}[name]) for name in FIELDS])
    return written.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
