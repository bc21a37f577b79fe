"""Removes the oldest entries of the audit log, and leaves a signed entry that tells of it.

Entries are verified before: what was tampered with is evidence, and a signed entry would hide that it ever was.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.store.audit.check import ChainCheck, Problem, Start
from inferspect.store.audit.entry import Draft
from inferspect.store.audit.keys import AuditKeys
from inferspect.store.audit.log import AuditLog
from inferspect.store.audit.reading import COLUMNS, entry_of, stream

AT_A_TIME = 5_000

CHAINS = text("SELECT chain FROM inferspect.audit_heads ORDER BY chain")
# A prefix: up to the first entry that is to stay. The last entry of a chain always stays.
PREFIX = text(
    "SELECT max(old.sequence) FROM ("
    " SELECT sequence, recorded_at FROM inferspect.audit_log WHERE chain = :chain ORDER BY sequence LIMIT :most) AS old"
    " WHERE old.recorded_at < :before AND old.sequence < (SELECT sequence FROM inferspect.audit_heads"
    " WHERE chain = :chain) AND old.sequence < coalesce("
    " (SELECT min(sequence) FROM inferspect.audit_log WHERE chain = :chain AND recorded_at >= :before), 9e18)"
)
LAST_REMOVED = text("SELECT hash, recorded_at FROM inferspect.audit_log WHERE chain = :chain AND sequence = :sequence")
BEGINNING = text("SELECT min(sequence) FROM inferspect.audit_log WHERE chain = :chain")
PRUNED = text(
    f"SELECT {COLUMNS} FROM inferspect.audit_log WHERE chain = :chain AND kind = 'pruning'"  # noqa: S608  no value is in it
    " ORDER BY sequence DESC LIMIT 1"
)
# With the first one that stays: it must follow.
VERIFIED = (
    f"SELECT {COLUMNS} FROM inferspect.audit_log"  # noqa: S608  as above
    " WHERE chain = :chain AND sequence <= CAST(:sequence AS bigint) + 1 ORDER BY sequence"
)
UNLOCK = text("ALTER TABLE inferspect.audit_log DISABLE TRIGGER audit_append_only")
REMOVE = text("DELETE FROM inferspect.audit_log WHERE chain = :chain AND sequence <= :sequence")
LOCK = text("ALTER TABLE inferspect.audit_log ENABLE ALWAYS TRIGGER audit_append_only")


class TamperedError(Exception):
    """Chains keep what should have been removed, because it is not as it was recorded; the first problem of each."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


async def prune(engine: AsyncEngine, audit: AuditLog, before: datetime) -> int:
    """Remove what was recorded before a time, chain by chain, some thousand entries in a transaction.

    Returns:
        How many entries were removed.

    Raises:
        TamperedError: some chains were left as they are; the others are done.
        sqlalchemy.exc.ProgrammingError: the database's user does not own the table.
        sqlalchemy.exc.SQLAlchemyError, OSError: the database is away.
    """
    async with engine.connect() as connection:
        chains = list((await connection.execute(CHAINS)).scalars())
    removed = 0
    tampered: list[Problem] = []
    for chain in chains:
        count = AT_A_TIME
        while count == AT_A_TIME:
            try:
                count = await _prune_some(engine, audit, chain, before)
            except TamperedError as error:
                tampered += error.problems
                break
            removed += count
    if tampered:
        raise TamperedError(tampered)
    return removed


async def _prune_some(engine: AsyncEngine, audit: AuditLog, chain: str, before: datetime) -> int:
    values = {"chain": chain, "before": before, "most": AT_A_TIME}
    async with engine.begin() as connection:
        if (await connection.execute(PREFIX, values)).scalar_one() is None:
            return 0
        heads = await audit.lock(connection, {chain})
        # Looked up again: another process may have pruned while this one waited.
        last = (await connection.execute(PREFIX, values)).scalar_one()
        if last is None:
            return 0
        place = {"chain": chain, "sequence": last}
        await _verify(connection, audit.keys, place)
        last_hash, recorded_at = (await connection.execute(LAST_REMOVED, place)).one()
        await connection.execute(UNLOCK)
        removed = (await connection.execute(REMOVE, place)).rowcount
        await connection.execute(LOCK)
        details = {
            "first_kept": last + 1,
            "previous_hash": last_hash,
            "removed": removed,
            "recorded_until": recorded_at,
            "before": before,
        }
        draft = Draft("pruning", str(uuid.uuid4()), 1, datetime.now(UTC), chain=chain, details=details)
        await audit.extend(connection, heads, [draft])
    return int(removed)


async def _verify(connection: AsyncConnection, keys: AuditKeys, place: dict[str, Any]) -> None:
    """Refuse to remove entries that are not as they were recorded.

    Raises:
        TamperedError: one is not, or none follows, or the chain begins where no pruning entry says.
    """
    check = ChainCheck(place["chain"], keys, start=await _start(connection, keys, place["chain"]))
    problems: list[Problem] = []
    async for rows in stream(connection, VERIFIED, place):
        problems += await asyncio.to_thread(_problems, check, rows)
    problems += check.end()
    if check.last == place["sequence"]:
        problems.append(Problem(check.chain, check.last + 1, check.last + 1, "missing"))
    if problems:
        raise TamperedError([min(problems, key=lambda problem: problem.sequence)])


async def _start(connection: AsyncConnection, keys: AuditKeys, chain: str) -> Start | None:
    """Where the chain begins, by the entry of the pruning before, where there was one.

    Raises:
        TamperedError: it begins elsewhere.
    """
    first = int((await connection.execute(BEGINNING, {"chain": chain})).scalar_one())
    if first == 1:
        return None
    row = (await connection.execute(PRUNED, {"chain": chain})).first()
    pruning = None if row is None else entry_of(row)
    check = ChainCheck(chain, keys, start=Start())
    if pruning is None or pruning["details"].get("first_kept") != first or _problems(check, [row]) or any(check.end()):
        raise TamperedError([Problem(chain, 1, first - 1, "missing", "no pruning entry tells of it")])
    return Start(pruning["details"]["previous_hash"])


def _problems(check: ChainCheck, rows: Sequence[Any]) -> list[Problem]:
    return [problem for row in rows for problem in check.take(entry_of(row))]
