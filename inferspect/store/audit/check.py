"""Checks the entries of a chain, one after the other, wherever they are read from: database or export."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from inferspect.store.audit.entry import GENESIS, HASHED, canonical, hash_of
from inferspect.store.audit.keys import AuditKeys, is_signed

Wrong = Literal[
    "changed",
    "moved",
    "missing",
    "forged",
    "unlinked",
    "added",
    "anchor",
    "signature",
    "unusable",
    "headless",
    "unrecorded",
    "unguarded",
]

MOST_COMPARED = 100  # changed entries that are looked at for having changed places

MEANINGS: dict[Wrong, str] = {
    "changed": "does not have the content that its hash was made of",
    "moved": "stands in another place than it was recorded at",
    "missing": "is missing",
    "forged": "was not written by a gateway with this salt key: it was added or rewritten, hash and all",
    "unlinked": "does not follow the entry before it: one of the two was replaced",
    "added": "stands behind the head of its chain",
    "anchor": "is not as an anchor has it",
    "signature": "is not signed with this installation's key",
    "headless": "ends its chain, but the chain's head, which is to say so, is gone",
    "unrecorded": "was stored without an entry",
    "unguarded": "can be changed: its trigger is missing, disabled or another",
    "unusable": "is no anchor of this installation: it was changed, or cut off",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one entry, or with several in a row.

    Attributes:
        chain: its name; of a line of kept anchors that is ``unusable``, the file's, and the line is its ``sequence``.
            Of a request that is ``unrecorded`` and of a table that is ``unguarded`` there is no sequence.
        sequence: of the first; ``last``: of the last.
        note: what more is known.
    """

    chain: str
    sequence: int
    last: int
    wrong: Wrong
    note: str = ""

    def __str__(self) -> str:
        one = "line" if self.wrong == "unusable" else "entry"
        which = f"{one} {self.sequence}" if self.sequence == self.last else f"entries {self.sequence} to {self.last}"
        which = {"unrecorded": "request", "unguarded": "table"}.get(self.wrong, which)
        note = f" ({self.note})" if self.note else ""
        return f"{self.chain}: {which}: {self.wrong}: each {MEANINGS[self.wrong]}{note}".replace(
            ": each ", ": " if self.sequence == self.last else ": each "
        )


@dataclass(frozen=True, slots=True)
class Start:
    """Where a chain is read from, when not from its beginning: the hash of the entry before, if that is known."""

    previous_hash: str | None = None


class ChainCheck:
    """Takes the entries of one chain in their order.

    Args:
        keys: to check seals with; without them, somebody who can rewrite the whole chain is not found out.
        public_key: that anchors and pruning entries must be signed with; any that they name, where it is not known.
        start: where reading begins in the chain's middle on purpose.
    """

    def __init__(
        self, chain: str, keys: AuditKeys | None, public_key: str | None = None, start: Start | None = None
    ) -> None:
        self.chain = chain
        self.count = 0
        self.first: int | None = None
        self.last = 0
        self.last_hash = GENESIS
        self._keys = keys
        self._public_key = keys.public_key if keys else public_key
        self._start = start
        self._begins: tuple[int, str] | None = None
        self._bad = False  # the entry before, so that what follows from it is not told twice
        self._open: Problem | None = None
        self._changed: list[dict[str, Any]] = []

    def take(self, entry: dict[str, Any]) -> Iterator[Problem]:
        """What is wrong with the next entry.

        Problems in a row are told as one, when the row ends.
        """
        wrong, note = None, ""
        sequence = int(entry["sequence"])
        gap = self._gap(sequence, entry["previous_hash"])
        if gap is not None:
            yield from self._told(gap)
        record = {name: entry[name] for name in HASHED}
        computed = hash_of(canonical(record))
        if computed != entry["hash"]:
            wrong = "changed"
            if (elsewhere := _recorded_as(record, entry["hash"], (sequence - 1, sequence + 1))) is not None:
                wrong, note = "moved", f"recorded {elsewhere - sequence:+d}"
        elif self._keys is not None and self._keys.seal(computed) != entry["seal"]:
            wrong = "forged"
        elif entry["kind"] in ("anchor", "pruning") and not self._is_signed(record):
            wrong = "signature"
        elif gap is None and not self._bad and self._expected_hash() not in (None, entry["previous_hash"]):
            wrong = "unlinked"
        elif entry["kind"] == "pruning":
            self._note_pruning(record["details"])
        if wrong == "changed" and len(self._changed) < MOST_COMPARED:
            self._changed.append(entry)
        elif wrong is not None:
            yield from self._told(Problem(self.chain, sequence, sequence, wrong, note))  # type: ignore[arg-type]
        self._bad = wrong is not None
        self.first = sequence if self.first is None else self.first
        self.last, self.last_hash = max(self.last, sequence), entry["hash"]
        self.count += 1

    def end(self, head: tuple[int, str] | None = None) -> Iterator[Problem]:
        """What is wrong with the chain as a whole.

        Args:
            head: sequence and hash of the last entry, as the database has noted them; ``None`` where nobody knows.
        """
        if self._open is not None:
            yield self._open
        yield from self._of_changed()
        if self._begins is not None:
            yield Problem(self.chain, 1, self._begins[0] - 1, "missing", "no pruning entry tells of it")
        if head is None:
            return
        sequence, head_hash = head
        if not sequence and self.count:
            yield Problem(self.chain, self.last, self.last, "headless")
            return
        if sequence > self.last:
            yield Problem(self.chain, self.last + 1, sequence, "missing", "at the end of the chain")
        elif sequence < self.last:
            yield Problem(self.chain, sequence + 1, self.last, "added")
        elif self.count and head_hash != self.last_hash:
            yield Problem(self.chain, sequence, sequence, "unlinked", "the head of the chain has another hash")

    def _gap(self, sequence: int, previous_hash: str) -> Problem | None:
        if self.first is None:
            if sequence > 1 and self._start is None:
                self._begins = (sequence, previous_hash)
            return None
        if sequence > self.last + 1:
            return Problem(self.chain, self.last + 1, sequence - 1, "missing")
        if sequence <= self.last:
            return Problem(self.chain, sequence, sequence, "moved", "it stands twice, or behind a later one")
        return None

    def _expected_hash(self) -> str | None:
        if self.first is not None:
            return self.last_hash
        if self._start is not None:
            return self._start.previous_hash
        return None if self._begins else GENESIS

    def _is_signed(self, record: Mapping[str, Any]) -> bool:
        details = dict(record["details"])
        signature, public_key = str(details.pop("signature", "")), str(details.get("public_key", ""))
        if self._public_key is not None and public_key != self._public_key:
            return False
        return is_signed(public_key, signature, canonical({**record, "details": details}))

    def _note_pruning(self, details: Mapping[str, Any]) -> None:
        if self._begins == (details.get("first_kept"), details.get("previous_hash")):
            self._begins = None

    def _told(self, problem: Problem) -> Iterator[Problem]:
        """Hold a problem back until it is known where the row of its like ends."""
        held = self._open
        if held and (held.wrong, held.note, held.last + 1) == (problem.wrong, problem.note, problem.sequence):
            self._open = replace(held, last=problem.last)
            return
        self._open = problem
        if held:
            yield held

    def _of_changed(self) -> Iterator[Problem]:
        places = [int(entry["sequence"]) for entry in self._changed]
        for entry, place in zip(self._changed, places, strict=True):
            record = {name: entry[name] for name in HASHED}
            elsewhere = _recorded_as(record, entry["hash"], places)
            if elsewhere is None:
                yield Problem(self.chain, place, place, "changed")
            else:
                yield Problem(self.chain, place, place, "moved", f"recorded as entry {elsewhere}")


def _recorded_as(record: Mapping[str, Any], entry_hash: str, places: Any) -> int | None:
    """The sequence that an entry was hashed with."""
    for place in places:
        if hash_of(canonical({**record, "sequence": place})) == entry_hash:
            return int(place)
    return None
