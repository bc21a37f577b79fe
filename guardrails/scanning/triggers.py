"""Where the triggers of a plan stand in a text that grows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from guardrails.scanning.clues import Clues, Sight
from guardrails.scanning.finding import Finding
from guardrails.scanning.hyperscan_gate import gate_of
from guardrails.scanning.recognizer import Reading, Recognizer

Find = Callable[[str, int, int], Iterable[Finding]]

LONGEST_TRIGGER = 32
UNSURE = LONGEST_TRIGGER + 1
"""Of so many characters at its end it is not known yet which triggers begin there: a match looks at one more."""
BEFORE = 8
"""How many characters before a match are looked at, at most."""


@dataclass(frozen=True, slots=True)
class Group:
    """The recognizers that have a trigger in common.

    Attributes:
        asked: their methods, and how many digits a value has at least.
    """

    reads: Reading
    trigger: re.Pattern[str]
    clues: Clues | None = None
    asked: list[tuple[Find, int]] = field(default_factory=list)

    def matches(self, sight: Sight, begin: int = 0) -> bool:
        """Whether the trigger matches at ``begin`` or after it."""
        if self.clues is not None and not sight.shows(self.clues, self.reads):
            return False
        return self.trigger.search(sight.reading(self.reads), begin) is not None


def grouped(recognizers: Sequence[Recognizer]) -> list[Group]:
    """Recognizers by their triggers."""
    groups: dict[tuple[Reading, str], Group] = {}
    for recognizer in recognizers:
        key = recognizer.reads, recognizer.trigger
        if key not in groups:
            groups[key] = Group(recognizer.reads, re.compile(recognizer.trigger), getattr(recognizer, "clues", None))
        groups[key].asked.append((recognizer.find, getattr(recognizer, "fewest_digits", 0)))
    return list(groups.values())


class Triggers:
    """Finds one trigger after the other; each place is looked at about once, and few triggers are looked for.

    Args:
        groups: those whose triggers count.

    Attributes:
        seen: the groups whose triggers may have matched anywhere in the text so far; no other trigger has.
    """

    def __init__(self, groups: Sequence[Group]) -> None:
        self.seen: list[Group] = []
        self._unseen = list(enumerate(groups))
        self._quick = gate_of(groups)
        self._gates: list[_Gate] = []
        self._sight = Sight("")

    def text_is(self, text: str) -> None:
        """The text has grown to ``text``."""
        sure = max(0, len(self._sight.text) - UNSURE)
        self._sight = Sight(text)
        for gate in self._gates:
            gate.grown(sure)
        begin = min(sure, BEFORE)
        grown = Sight(text[sure - begin :]) if sure > begin else self._sight
        unseen = self._unseen
        self._unseen = []
        shown = None if self._quick is None else self._quick.seen(grown.text)
        for number, group in unseen:
            if (shown is None or number in shown) and group.matches(grown, begin if grown is not self._sight else 0):
                self.seen.append(group)
                self._gates.append(_Gate(group))
            else:
                self._unseen.append((number, group))

    def moved(self, by: int) -> None:
        """The first ``by`` characters are gone."""
        self._sight = Sight(self._sight.text[by:])
        for gate in self._gates:
            gate.moved(by)

    def first(self, start: int, limit: int) -> int | None:
        """Where the first trigger begins, at ``start`` or after it and before ``limit``."""
        earliest = limit
        for gate in self._gates:
            is_known = gate.found and gate.origin <= start <= gate.clear
            if (is_known or gate.look(self._sight, start)) and gate.clear < earliest:
                earliest = gate.clear
        return earliest if earliest < limit else None


class _Gate:
    """One trigger, with what is known from the last look.

    Attributes:
        origin: from here to ``clear`` none begins.
        clear: here one does, if it is ``found``.
        found: whether there is one.
    """

    __slots__ = ("_reads", "_search", "clear", "found", "origin")

    def __init__(self, group: Group) -> None:
        self._search = group.trigger.search
        self._reads = group.reads
        self.origin = self.clear = 0
        self.found = False

    def grown(self, sure: int) -> None:
        """The text is longer; what was known of it beyond ``sure`` may not hold any more."""
        if self.clear >= sure:
            self.clear, self.found = max(self.origin, sure), False

    def moved(self, by: int) -> None:
        """The first ``by`` characters are gone."""
        self.found = self.found and self.clear >= by
        self.origin, self.clear = max(0, self.origin - by), max(0, self.clear - by)

    def look(self, sight: Sight, start: int) -> bool:
        """Look for the first one at ``start`` or after it; whether there is one."""
        # A window that waits for more text is begun again, so that a look may start before the last one.
        if not self.origin <= start <= self.clear:
            self.origin = self.clear = start
            self.found = False
        if not self.found:
            text = sight.reading(self._reads)
            if self.clear >= len(text):
                return False
            match = self._search(text, self.clear)
            self.found = match is not None
            self.clear = len(text) if match is None else match.start()
        return self.found
