"""Appends to the audit log: each entry holds the hash of the one before it in its chain.

Whoever appends holds the heads of the chains until the transaction ends, so that a chain has no two entries of one
sequence and no gap, whatever number of processes write.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

import orjson
import structlog
from prometheus_client import Counter
from sqlalchemy import RootTransaction, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.store.audit.entry import GENESIS, Draft, canonical, chain_of, hash_of, record_of
from inferspect.store.audit.keys import AuditKeys

log = structlog.get_logger("inferspect.audit")

LOCK = text(
    "SELECT chain, sequence, hash FROM inferspect.audit_heads WHERE chain = ANY(:chains) ORDER BY chain FOR UPDATE"
)
KNOWN = text("SELECT chain FROM inferspect.audit_heads WHERE chain = ANY(:chains)")
ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('inferspect.audit_heads', 0))")
# A new chain, or one whose head somebody removed: without it nothing could ever be appended.
OPEN = text(
    "INSERT INTO inferspect.audit_heads (chain, sequence, hash)"
    " SELECT new.chain, coalesce(last.sequence, 0), coalesce(last.hash, :genesis)"
    " FROM unnest(CAST(:chains AS text[])) AS new (chain) LEFT JOIN LATERAL"
    " (SELECT sequence, hash FROM inferspect.audit_log WHERE chain = new.chain ORDER BY sequence DESC LIMIT 1) AS last"
    " ON true ON CONFLICT DO NOTHING RETURNING chain, sequence, hash"
)
# Rows as one JSON text: a few times quicker to hand over than their values one by one.
INSERT = text(
    "INSERT INTO inferspect.audit_log"
    " SELECT * FROM json_populate_recordset(CAST(NULL AS inferspect.audit_log), CAST(:entries AS json))"
)
ADVANCE = text(
    "UPDATE inferspect.audit_heads AS head SET sequence = new.sequence, hash = new.hash"
    " FROM unnest(CAST(:chains AS text[]), CAST(:sequences AS bigint[]), CAST(:hashes AS text[]))"
    " AS new (chain, sequence, hash) WHERE head.chain = new.chain"
)
BREATHE_EVERY = 64  # entries, about 1 ms of the event loop
MOST_SEEN = 10_000  # chains, those that were appended to last
CHAINS_SET_BACK = Counter(
    "inferspect_audit_chains_set_back", "Times that an audit chain ended before what a process had seen of it."
)
SIGNED = frozenset({"anchor", "pruning"})


class AuditLog:
    """The audit log of one database.

    Args:
        engine: for entries in transactions of their own.
        keys: to seal them with.
    """

    def __init__(self, engine: AsyncEngine, keys: AuditKeys) -> None:
        self._engine = engine
        self.keys = keys
        self._seen: dict[str, tuple[int, str]] = {}
        self._appended: WeakKeyDictionary[RootTransaction, set[str]] = WeakKeyDictionary()

    async def record(self, drafts: Sequence[Draft]) -> None:
        """Append in a transaction of its own: once this returns, they are there.

        Raises:
            sqlalchemy.exc.SQLAlchemyError, OSError: none was appended.
        """
        async with self._engine.begin() as connection:
            await self.append(connection, drafts)

    async def record_action(
        self,
        action: str,
        *,
        actor: str,
        tenant_id: str | None = None,
        details: Mapping[str, Any] | None = None,
        decision: str = "success",
    ) -> None:
        """Append an action that came by no HTTP request, such as one of the command line.

        Args:
            action: what was done, such as ``inferspect events dead-letter replay``; stands where requests have a route.
            actor: who did it, such as the user of the operating system.
            details: JSON without secrets.
            decision: ``success``, ``failure`` or ``intent``.

        Raises:
            sqlalchemy.exc.SQLAlchemyError, OSError: it was not appended; the action should not be done then.
        """
        draft = Draft(
            kind="management",
            event_id=str(uuid.uuid4()),
            revision=0 if decision == "intent" else 1,
            occurred_at=datetime.now(UTC),
            chain=chain_of(tenant_id),
            tenant_id=tenant_id,
            user_id=actor,
            role="command line",
            route=action,
            decision=decision,
            details=details or {},
        )
        await self.record([draft])

    async def append(self, connection: AsyncConnection, drafts: Sequence[Draft]) -> None:
        """Append to the chains that the drafts name, in their order, in the connection's transaction.

        Appended to once in a transaction at most, or two of them may wait for each other; for the same reason no lock
        on the table's rows may be taken before.
        """
        heads = await self.lock(connection, {draft.chain for draft in drafts})
        await self.extend(connection, heads, drafts)

    async def lock(self, connection: AsyncConnection, chains: set[str]) -> dict[str, tuple[int, str]]:
        """Sequence and hash of each chain's last entry, theirs alone until the transaction ends.

        Locks are taken in the order of names. New chains are begun under one lock before any other lock: who begins one
        would otherwise hold it while waiting for another, in any order. A head that is gone is made from the chain's
        last entry; an entry behind it tells so, and whether the end was cut off with it, anchors tell.
        """
        wanted = sorted(chains)
        known = set((await connection.execute(KNOWN, {"chains": wanted})).scalars())
        lost: dict[str, dict[str, Any]] = {}
        if missing := [chain for chain in wanted if chain not in known]:
            await connection.execute(ONE_AT_A_TIME)
            opened = await connection.execute(OPEN, {"chains": missing, "genesis": GENESIS})
            lost = {chain: {"sequence": sequence, "hash": head} for chain, sequence, head in opened if sequence}
        locked = await connection.execute(LOCK, {"chains": wanted})
        heads = {chain: (sequence, head) for chain, sequence, head in locked}
        own = self._appended.get(_transaction(connection), set())
        for chain, head in heads.items():
            if chain not in own:  # what this transaction has appended may be rolled back with it
                self._compare(chain, head)
        if lost:
            await self.extend(connection, heads, [_restored(chain, head) for chain, head in lost.items()])
        return heads

    def _compare(self, chain: str, head: tuple[int, str]) -> None:
        """Tell where a chain ends before what this process has found it to end with: no anchor need have that."""
        seen = self._seen.pop(chain, None)
        self._seen[chain] = head
        if len(self._seen) > MOST_SEEN:
            del self._seen[next(iter(self._seen))]
        if seen is not None and (head[0] < seen[0] or (head[0] == seen[0] and head[1] != seen[1])):
            CHAINS_SET_BACK.inc()
            log.error(
                "an audit chain was set back: entries that were recorded are gone",
                chain=chain,
                sequence=head[0],
                hash=head[1],
                last_sequence=seen[0],
                last_hash=seen[1],
            )

    async def extend(
        self, connection: AsyncConnection, heads: dict[str, tuple[int, str]], drafts: Sequence[Draft]
    ) -> None:
        """As :meth:`append`, with heads that :meth:`lock` has locked."""
        if not drafts:
            return
        now = datetime.now(UTC)
        entries, touched = [], {}
        for number, draft in enumerate(drafts):
            sequence, previous_hash = heads[draft.chain]
            entry, entry_hash = self._entry(draft, sequence + 1, now, previous_hash)
            heads[draft.chain] = touched[draft.chain] = (sequence + 1, entry_hash)
            entries.append(entry)
            if number % BREATHE_EVERY == BREATHE_EVERY - 1:
                await asyncio.sleep(0)
        await connection.execute(INSERT, {"entries": (b"[" + b",".join(entries) + b"]").decode()})
        chains = sorted(touched)
        values = {
            "chains": chains,
            "sequences": [touched[chain][0] for chain in chains],
            "hashes": [touched[chain][1] for chain in chains],
        }
        await connection.execute(ADVANCE, values)
        self._appended.setdefault(_transaction(connection), set()).update(touched)

    def _entry(self, draft: Draft, sequence: int, now: datetime, previous_hash: str) -> tuple[bytes, str]:
        """The entry as JSON, and its hash."""
        record = record_of(draft, sequence, now, previous_hash)
        if draft.kind in SIGNED:
            # The signature is of the entry without it, and the hash of the entry with it.
            signed = {**record["details"], "public_key": self.keys.public_key}
            signature = self.keys.sign(canonical({**record, "details": signed}))
            record["details"] = {**signed, "signature": signature}
        text_of_record = canonical(record)
        entry_hash = hash_of(text_of_record)
        added = orjson.dumps({"hash": entry_hash, "seal": self.keys.seal(entry_hash)})
        return text_of_record[:-1] + b"," + added[1:], entry_hash


def _transaction(connection: AsyncConnection) -> RootTransaction:
    transaction = connection.sync_connection.get_transaction() if connection.sync_connection else None
    if transaction is None:
        raise ValueError("the audit log is appended to within a transaction")
    return transaction


def _restored(chain: str, head: dict[str, Any]) -> Draft:
    log.error("an audit chain had lost its head: it was made from the chain's last entry", chain=chain, **head)
    return Draft(
        kind="management",
        event_id=str(uuid.uuid4()),
        revision=1,
        occurred_at=datetime.now(UTC),
        chain=chain,
        role="gateway",
        route="audit head restored",
        decision="success",
        details=head,
    )
