"""Verifies the audit log of a database: every entry, every chain's head, and what anchors say of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.store.audit.anchors import KeptAnchor
from inferspect.store.audit.check import ChainCheck, Problem, Start
from inferspect.store.audit.completeness import unrecorded
from inferspect.store.audit.entry import ANCHORS
from inferspect.store.audit.keys import AuditKeys
from inferspect.store.audit.protection import GUARDED, MAY_CHANGE
from inferspect.store.audit.reading import COLUMNS, entry_of, stream

AT_A_TIME = 2000
ANCHORED_AT_A_TIME = 5000

HEADS = text(
    "SELECT chain, sequence, hash FROM inferspect.audit_heads WHERE CAST(:chain AS text) IS NULL OR chain = :chain"
)
CHAINS = text("SELECT DISTINCT chain FROM inferspect.audit_log")
# The last entry is always looked at: where nothing was recorded since, what should stand behind it may be gone.
BEGINNING = text(
    "SELECT coalesce(min(sequence) FILTER (WHERE recorded_at >= :since), max(sequence))"
    " FROM inferspect.audit_log WHERE chain = :chain"
)
BEFORE = text(
    "SELECT sequence, hash FROM inferspect.audit_log WHERE chain = :chain AND sequence < :sequence"
    " ORDER BY sequence DESC LIMIT 1"
)
FLOOR = text("SELECT min(sequence) FROM inferspect.audit_log WHERE chain = :chain")
ANCHORED = (
    "SELECT anchor.sequence AS anchor, head.chain, head.sequence, head.hash, log.hash AS found"
    " FROM inferspect.audit_log AS anchor"
    " CROSS JOIN jsonb_to_recordset(anchor.details->'heads') AS head (chain text, sequence bigint, hash text)"
    " LEFT JOIN inferspect.audit_log AS log ON log.chain = head.chain AND log.sequence = head.sequence"
    " WHERE anchor.chain = 'anchors' AND anchor.kind = 'anchor'"
    " AND (CAST(:chain AS text) IS NULL OR head.chain = :chain) ORDER BY anchor.sequence, head.chain"
)
KEPT = text(
    "SELECT head.chain, head.sequence, head.hash, log.hash AS found"
    " FROM unnest(CAST(:chains AS text[]), CAST(:sequences AS bigint[]), CAST(:hashes AS text[]))"
    " AS head (chain, sequence, hash)"
    " LEFT JOIN inferspect.audit_log AS log ON log.chain = head.chain AND log.sequence = head.sequence"
)


@dataclass(slots=True)
class Verified:
    """How much was looked at.

    Attributes:
        login: why the login that verifies could change the log; ``None`` where it could not.
    """

    entries: int = 0
    chains: int = 0
    anchored: int = 0
    kept_anchors: int = 0
    problems: int = 0
    login: str | None = None
    last: dict[str, int] = field(default_factory=dict)


class Verification:
    """One verification, on one snapshot of the database, so that gateways may go on writing.

    Args:
        chain: only this one; all, and the anchors, where it is ``None``.
        since: from the first entry on that was recorded then or later.
        kept_anchors: anchors that were kept outside of the database: a tail that was cut off the chains,
            and off the anchors with them, shows by these alone.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        keys: AuditKeys | None,
        *,
        chain: str | None = None,
        since: datetime | None = None,
        kept_anchors: Iterable[KeptAnchor] = (),
    ) -> None:
        self.verified = Verified()
        self._engine = engine
        self._keys = keys
        self._chain = chain
        self._since = since
        self._kept_anchors = kept_anchors
        self._floors: dict[str, int] = {}

    async def problems(self) -> AsyncIterator[Problem]:
        """All that is wrong, as it is found.

        Raises:
            sqlalchemy.exc.SQLAlchemyError, OSError: the database cannot be read.
        """
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            async for problem in self._all(connection):
                self.verified.problems += 1
                yield problem

    async def _all(self, connection: AsyncConnection) -> AsyncIterator[Problem]:
        if not (await connection.execute(text(GUARDED))).scalar_one():
            yield Problem("inferspect.audit_log", 0, 0, "unguarded")
        self.verified.login = (await connection.execute(text(MAY_CHANGE))).scalar_one()
        found = await connection.execute(HEADS, {"chain": self._chain})
        heads = {chain: (sequence, head) for chain, sequence, head in found}
        everywhere = self._chain is None
        chains = {*heads, *(await connection.execute(CHAINS)).scalars()} if everywhere else {str(self._chain)}
        for chain in sorted(chains):
            floor = (await connection.execute(FLOOR, {"chain": chain})).scalar_one()
            self._floors[chain] = heads.get(chain, (0, ""))[0] + 1 if floor is None else floor
            self.verified.chains += chain in heads or floor is not None
            async for problem in self._of_chain(connection, chain, heads.get(chain, (0, ""))):
                yield problem
        async for problem in unrecorded(connection, self._chain, self._since):
            yield problem
        async for problem in self._of_anchors(connection):
            yield problem
        async for problem in self._of_kept_anchors(connection):
            yield problem

    async def _of_chain(self, connection: AsyncConnection, chain: str, head: tuple[int, str]) -> AsyncIterator[Problem]:
        first, start = 0, None
        if self._since is not None:
            found = await connection.execute(BEGINNING, {"chain": chain, "since": self._since})
            first = int(found.scalar_one() or 0)
        if first > self._floors[chain]:
            before, before_hash = (await connection.execute(BEFORE, {"chain": chain, "sequence": first})).one()
            start = Start(before_hash if before == first - 1 else None)
            if before < first - 1:
                yield Problem(chain, before + 1, first - 1, "missing")
        check = ChainCheck(chain, self._keys, start=start)
        statement = (
            f"SELECT {COLUMNS} FROM inferspect.audit_log"  # noqa: S608  no value is in it
            " WHERE chain = :chain AND sequence >= :first ORDER BY sequence"
        )
        async for rows in stream(connection, statement, {"chain": chain, "first": first}, AT_A_TIME):
            for row in rows:
                for problem in check.take(entry_of(row)):
                    yield problem
        for problem in check.end(head):
            yield problem
        self.verified.entries += check.count

    async def _of_anchors(self, connection: AsyncConnection) -> AsyncIterator[Problem]:
        compared = _Anchored(self._floors)
        async for rows in stream(connection, ANCHORED, {"chain": self._chain}, AT_A_TIME):
            for anchor, chain, sequence, head_hash, found in rows:
                compared.take(f"anchor {anchor}", chain, sequence, head_hash, found)
        self.verified.anchored += compared.count
        for problem in compared.problems():
            yield problem

    async def _of_kept_anchors(self, connection: AsyncConnection) -> AsyncIterator[Problem]:
        """Those in the file: genuine by their signature, so what they say counts, whatever the database has."""
        compared = _Anchored(self._floors)
        unusable: list[Problem] = []
        for part in _parts(self._genuine(unusable), ANCHORED_AT_A_TIME):
            _, chains, sequences, hashes = zip(*part, strict=True)
            values = {"chains": list(chains), "sequences": list(sequences), "hashes": list(hashes)}
            found = {
                (chain, sequence, head_hash): stored
                for chain, sequence, head_hash, stored in await connection.execute(KEPT, values)
            }
            for name, chain, sequence, head_hash in part:
                compared.take(name, chain, sequence, head_hash, found[chain, sequence, head_hash])
        self.verified.anchored += compared.count
        for problem in (*unusable, *compared.problems()):
            yield problem

    def _genuine(self, unusable: list[Problem]) -> Iterator[tuple[str, str, int, str]]:
        """Name of the anchor, chain, sequence and hash; the anchor itself is one of its heads, too.

        Args:
            unusable: gets a problem for each line that is not genuine; lines that were removed cannot be known.
        """
        for kept in self._kept_anchors:
            entry = kept.entry
            if entry is None or not self._is_genuine(entry):
                unusable.append(Problem(kept.file, kept.line, kept.line, "unusable"))
                continue
            self.verified.kept_anchors += 1
            name = f"kept anchor {entry['sequence']}"
            heads = [(head["chain"], head["sequence"], head["hash"]) for head in entry["details"].get("heads", ())]
            for head in [*heads, (ANCHORS, entry["sequence"], entry["hash"])]:
                if self._chain in (None, head[0]):
                    yield name, *head

    def _is_genuine(self, entry: dict[str, Any]) -> bool:
        check = ChainCheck(ANCHORS, self._keys, start=Start())
        try:
            return entry["kind"] == "anchor" and not any(check.take(entry)) and not any(check.end())
        except (TypeError, ValueError):  # values of other types than an entry's
            return False


class _Anchored:
    """What anchors say and what is there, by chain.

    Args:
        floors: sequence at which each chain begins; whether it may begin there, its own check tells.
    """

    def __init__(self, floors: Mapping[str, int]) -> None:
        self.count = 0
        self._floors = floors
        self._last_good: dict[str, int] = {}
        self._wrong: dict[str, tuple[str, int, bool]] = {}

    def take(self, name: str, chain: str, sequence: int, head_hash: str, found: str | None) -> None:
        self.count += 1
        if found == head_hash:
            self._last_good[chain] = max(sequence, self._last_good.get(chain, 0))
        elif found is not None or sequence >= self._floors.get(chain, 0):
            first, last, _ = self._wrong.get(chain, (name, 0, False))
            self._wrong[chain] = (first, max(sequence, last), found is None)

    def problems(self) -> Iterator[Problem]:
        for chain, (name, last, is_missing) in sorted(self._wrong.items()):
            good = self._last_good.get(chain, 0)
            first = good + 1 if good < last else last
            there = f", and entry {last} is missing" if is_missing else ""
            yield Problem(chain, first, last, "anchor", f"{name} is the first that says otherwise{there}")


def _parts(values: Iterator[tuple[str, str, int, str]], size: int) -> Iterator[list[tuple[str, str, int, str]]]:
    while part := list(islice(values, size)):
        yield part


def verify_export(
    lines: Iterable[Mapping[str, Any]], keys: AuditKeys | None, public_key: str | None, verified: Verified
) -> Iterator[Problem]:
    """What is wrong with an export: entries of one chain after another, each in the order of sequence.

    An export may begin and end anywhere in a chain; ``verified.last`` tells where each ends.
    """
    check: ChainCheck | None = None
    for entry in lines:
        if check is None or check.chain != entry["chain"]:
            if check is not None:
                yield from _ended(check, verified)
            check = ChainCheck(str(entry["chain"]), keys, public_key, Start())
        yield from check.take(dict(entry))
    if check is not None:
        yield from _ended(check, verified)


def _ended(check: ChainCheck, verified: Verified) -> Iterator[Problem]:
    for problem in check.end():
        verified.problems += 1
        yield problem
    verified.chains += 1
    verified.entries += check.count
    verified.last[check.chain] = check.last
