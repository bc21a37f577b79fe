"""Anchors: signed statements of where each chain ends, in the log and kept outside of the database as well."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.store.audit.entry import ANCHORS, FIELDS, Draft, canonical
from inferspect.store.audit.log import AuditLog
from inferspect.store.audit.reading import COLUMNS, entry_of

log = structlog.get_logger("inferspect.audit")

HEADS_OF_ONE = 500
CHANGED = text("SELECT chain FROM inferspect.audit_heads WHERE sequence <> anchored AND chain <> 'anchors'")
ANCHORED = text(
    "UPDATE inferspect.audit_heads AS head SET anchored = new.sequence"
    " FROM unnest(CAST(:chains AS text[]), CAST(:sequences AS bigint[])) AS new (chain, sequence)"
    " WHERE head.chain = new.chain"
)
WRITTEN = text(
    f"SELECT {COLUMNS} FROM inferspect.audit_log"  # noqa: S608  no value is in it
    f" WHERE chain = '{ANCHORS}' AND sequence > :sequence ORDER BY sequence"
)


async def take_anchor(engine: AsyncEngine, audit: AuditLog) -> list[dict[str, Any]]:
    """Anchor the chains that have grown since the last anchor.

    Returns:
        The entries that were appended; none where no chain has grown.

    Raises:
        sqlalchemy.exc.SQLAlchemyError, OSError: none was.
    """
    async with engine.begin() as connection:
        grown = set((await connection.execute(CHANGED)).scalars())
        if not grown:
            return []
        heads = await audit.lock(connection, {ANCHORS, *grown})
        before = heads[ANCHORS][0]
        ends = [
            {"chain": chain, "sequence": sequence, "hash": head}
            for chain, (sequence, head) in sorted(heads.items())
            if chain != ANCHORS
        ]
        drafts = [
            Draft("anchor", str(uuid.uuid4()), 1, datetime.now(UTC), chain=ANCHORS, details={"heads": part})
            for part in (ends[start : start + HEADS_OF_ONE] for start in range(0, len(ends), HEADS_OF_ONE))
        ]
        await audit.extend(connection, heads, drafts)
        values = {"chains": [end["chain"] for end in ends], "sequences": [end["sequence"] for end in ends]}
        await connection.execute(ANCHORED, values)
        return [entry_of(row) for row in await connection.execute(WRITTEN, {"sequence": before})]


async def keep_anchoring(engine: AsyncEngine, audit: AuditLog, every: float, file: Path) -> None:
    """Take an anchor at once and every so many seconds until cancelled, and keep each in the log and in ``file``."""
    while True:
        await anchor_and_keep(engine, audit, file)
        await asyncio.sleep(every)


async def anchor_at_the_end(engine: AsyncEngine, audit: AuditLog, file: Path) -> None:
    """Wait until cancelled, and then take an anchor: what was recorded last is not left without one until a start."""
    try:
        await asyncio.Event().wait()
    finally:
        await anchor_and_keep(engine, audit, file)


async def anchor_and_keep(engine: AsyncEngine, audit: AuditLog, file: Path) -> None:
    """Take an anchor and keep it in the log and in ``file``; where that fails the log says so."""
    try:
        taken = await take_anchor(engine, audit)
    except (SQLAlchemyError, OSError) as error:
        log.warning("no anchor of the audit log could be taken", reason=type(error).__name__)
        return
    for entry in taken:
        log.info(
            "audit anchor",
            sequence=entry["sequence"],
            hash=entry["hash"],
            signature=entry["details"]["signature"],
            chains=len(entry["details"]["heads"]),
        )
    try:
        await asyncio.to_thread(keep, file, taken)
    except OSError as error:
        log.error("anchors of the audit log cannot be kept", file=str(file), reason=type(error).__name__)


def keep(file: Path, anchors: list[dict[str, Any]]) -> None:
    """Append anchors to a file, a line each; they are on the disk when this returns."""
    if not anchors:
        return
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # A line that a full disk cut off spoils no other.
        length = os.fstat(descriptor).st_size
        torn = b"\n" if length and os.pread(descriptor, 1, length - 1) != b"\n" else b""
        os.write(descriptor, torn + b"".join(canonical(anchor) + b"\n" for anchor in anchors))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class KeptAnchor:
    """A line of a file of anchors; ``entry`` is ``None`` where it is no entry at all."""

    file: str
    line: int
    entry: dict[str, Any] | None


def kept(file: Path) -> Iterator[KeptAnchor]:
    """The lines of a file of anchors; whether somebody wrote into it, a verification tells.

    Raises:
        OSError: it cannot be read.
    """
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                entry = orjson.loads(line)
            except orjson.JSONDecodeError:
                entry = None
            is_entry = isinstance(entry, dict) and entry.keys() == set(FIELDS) and type(entry["sequence"]) is int
            yield KeptAnchor(file.name, number, entry if is_entry else None)
