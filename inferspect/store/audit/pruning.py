"""Removes the oldest entries of the audit log, and leaves a signed entry that tells of it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.store.audit.entry import Draft
from inferspect.store.audit.log import AuditLog, lock_heads

AT_A_TIME = 20_000

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
UNLOCK = text("ALTER TABLE inferspect.audit_log DISABLE TRIGGER audit_append_only")
REMOVE = text("DELETE FROM inferspect.audit_log WHERE chain = :chain AND sequence <= :sequence")
LOCK = text("ALTER TABLE inferspect.audit_log ENABLE ALWAYS TRIGGER audit_append_only")


async def prune(engine: AsyncEngine, audit: AuditLog, before: datetime) -> int:
    """Remove what was recorded before a time, chain by chain, some thousand entries in a transaction.

    Returns:
        How many entries were removed.

    Raises:
        sqlalchemy.exc.ProgrammingError: the database's user does not own the table.
        sqlalchemy.exc.SQLAlchemyError, OSError: the database is away.
    """
    async with engine.connect() as connection:
        chains = list((await connection.execute(CHAINS)).scalars())
    removed = 0
    for chain in chains:
        count = AT_A_TIME
        while count == AT_A_TIME:
            count = await _prune_some(engine, audit, chain, before)
            removed += count
    return removed


async def _prune_some(engine: AsyncEngine, audit: AuditLog, chain: str, before: datetime) -> int:
    values = {"chain": chain, "before": before, "most": AT_A_TIME}
    async with engine.begin() as connection:
        if (await connection.execute(PREFIX, values)).scalar_one() is None:
            return 0
        heads = await lock_heads(connection, {chain})
        # Looked up again: another process may have pruned while this one waited.
        last = (await connection.execute(PREFIX, values)).scalar_one()
        if last is None:
            return 0
        place = {"chain": chain, "sequence": last}
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
