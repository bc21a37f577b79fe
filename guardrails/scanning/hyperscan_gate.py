"""Hyperscan, where it is installed: one pass over a text tells which triggers may match in it.

An extra (``pip install inferspect[hyperscan]``) that needs no setting: plain text is looked through in about half the
time, text with much to find in nine tenths of it. Hyperscan reads each trigger in its prefilter mode, in which it
matches wherever the trigger does, and elsewhere too. A trigger that it sees nowhere matches nowhere; the others are
looked for as ever, by their own regular expressions. So the findings are the same with and without it.

It is asked about ASCII only. Triggers that the two kinds of regular expressions may read differently are left out, and
count as seen. So do all of them at first: the database takes seconds of another thread, and is made for plans that
look through much text.
"""

from __future__ import annotations

import importlib.util
import re
import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from guardrails.scanning.triggers import Group

IS_INSTALLED = importlib.util.find_spec("hyperscan") is not None
Expression = tuple[str, int]
"""A regular expression and its flags, as Python's."""

# What means something else to Hyperscan, at times silently: `{,n}`, classes by name, back-references by name, comments,
# modes that it does not have, and characters by name.
UNLIKE = re.compile(r"\{,|\[[:.=][^]]*[:.=]\]|\(\?P=|\(\?#|\(\?[imsaLux-]*[aLux][imsaLux-]*[:)]|\\N")
ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
READABLE = re.IGNORECASE | re.DOTALL | re.MULTILINE | re.UNICODE
# Four separators are white space for Python alone.
NOT_ALIKE = re.compile(r"[\x1c-\x1f]")

SHORTEST = 512
"""Below so many characters a pass costs more than it spares."""
WORTH_COMPILING = 64
"""After so many texts, or pieces of texts, of that length."""
PLANS = 256

_compiling = threading.Lock()
_known: dict[int, tuple[Sequence[Group], HyperscanGate]] = {}


def gate_of(groups: Sequence[Group]) -> HyperscanGate | None:
    """The gate for a plan's groups, by their identity; ``None`` without Hyperscan."""
    if not IS_INSTALLED:
        return None
    known = _known.get(id(groups))
    if known is None or known[0] is not groups:
        if len(_known) >= PLANS:
            _known.clear()
        # What is read folded is read in lower case, so that case does not count.
        expressions = tuple(
            (group.trigger.pattern, group.trigger.flags | (re.IGNORECASE if group.reads == "folded" else 0))
            for group in groups
        )
        known = _known[id(groups)] = groups, _gate(expressions)
    return known[1]


@lru_cache(maxsize=PLANS)
def _gate(expressions: tuple[Expression, ...]) -> HyperscanGate:
    return HyperscanGate(expressions)


class HyperscanGate:
    """Triggers as one database.

    Args:
        expressions: the triggers; they are known by their numbers here.
    """

    def __init__(self, expressions: Sequence[Expression]) -> None:
        self._expressions = expressions
        self._database: Any = None
        self._unread: frozenset[int] = frozenset()
        self._asked = 0

    def seen(self, text: str) -> set[int] | None:
        """The numbers of the triggers that may match in ``text``; ``None`` where that is not known."""
        if len(text) < SHORTEST or not text.isascii():
            return None
        database = self._database
        if database is None:
            self._asked += 1
            if self._asked == WORTH_COMPILING:
                threading.Thread(target=self.compile, name="hyperscan", daemon=True).start()
            return None
        if NOT_ALIKE.search(text):
            return None
        import hyperscan  # noqa: PLC0415  it is an extra

        found = set(self._unread)
        try:
            database.scan(text.encode(), match_event_handler=_note, context=found)
        except hyperscan.error:  # another thread is using it at this moment
            return None
        return found

    def compile(self) -> None:
        """Make the database; takes seconds, in which other threads go on. Where none can be made, nothing changes."""
        read = {
            number: expression
            for number, (pattern, flags) in enumerate(self._expressions)
            if (expression := _as_hyperscan_reads(pattern, flags)) is not None
        }
        with _compiling:
            database = _compiled(read)
            if database is None:
                read = {number: each for number, each in read.items() if _compiled({number: each}) is not None}
                database = _compiled(read)
        self._unread = frozenset(range(len(self._expressions))) - read.keys()
        self._database = database


def _note(number: int, _start: int, _end: int, _flags: int, found: set[int]) -> None:
    found.add(number)


def _as_hyperscan_reads(pattern: str, flags: int) -> tuple[bytes, int] | None:
    import hyperscan  # noqa: PLC0415  it is an extra

    if UNLIKE.search(pattern) or flags & ~READABLE:
        return None
    read = hyperscan.HS_FLAG_PREFILTER | hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_UTF8
    read |= hyperscan.HS_FLAG_CASELESS if flags & re.IGNORECASE else 0
    read |= hyperscan.HS_FLAG_DOTALL if flags & re.DOTALL else 0
    read |= hyperscan.HS_FLAG_MULTILINE if flags & re.MULTILINE else 0
    return ESCAPED.sub(lambda escape: rf"\x{{{escape[1] or escape[2]}}}", pattern).encode(), read


def _compiled(expressions: dict[int, tuple[bytes, int]]) -> Any:
    import hyperscan  # noqa: PLC0415  it is an extra

    database = hyperscan.Database()
    try:
        database.compile(
            expressions=[expression for expression, _ in expressions.values()],
            ids=list(expressions),
            flags=[flags for _, flags in expressions.values()],
        )
    except (hyperscan.error, UnicodeError):
        return None
    return database
