"""From a text to its findings: every recognizer, window by window, overlaps resolved."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from guardrails.pii.recognizers import RECOGNIZERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from guardrails.pii.finding import Finding
    from inferspect.tenancy.rules import PiiEntity

WINDOW = 2048
OVERLAP = 256
DIGIT = re.compile(r"\d")
# No value of any entity holds one of these characters, nor white space after a lower-case letter: here a text can be
# cut without cutting a value. A recognizer for which this does not hold must not be added without changing it.
SAFE_CUT = re.compile(r'[a-z](?=\s)|(?=[\n\r\t,;"])', re.ASCII)


def detect(text: str, threshold: float, entities: Collection[PiiEntity], window: int = WINDOW) -> list[Finding]:
    """The findings in ``text``, in order and without overlaps.

    Args:
        text: any text, of any length.
        threshold: findings with a lower score are left out.
        entities: what to look for.
        window: characters looked at in one go; the result does not depend on it.
    """
    found = [finding for start, end in windows(text, window) for finding in look(text, start, end, threshold, entities)]
    return resolved(found)


def look(text: str, start: int, end: int, threshold: float, entities: Collection[PiiEntity]) -> list[Finding]:
    """The findings in one window, overlapping ones included."""
    digits = DIGIT.search(text, start, end) is not None
    return [
        finding
        for recognizer in RECOGNIZERS
        if recognizer.entity in entities and (digits or not recognizer.has_digits)
        for finding in recognizer.find(text, start, end)
        if finding.score >= threshold
    ]


def windows(text: str, size: int = WINDOW) -> Iterator[tuple[int, int]]:
    """Where to look, one window after the other, each at most about twice ``size`` characters.

    Windows meet where no value can stand. A text without such a place (an endless row of digits) is cut anyway, and
    its windows overlap, so that a value at the cut is whole in one of them.
    """
    start = 0
    while len(text) - start > 2 * size:
        cut = SAFE_CUT.search(text, start + size, start + 2 * size)
        if cut:
            yield start, cut.end()
            start = cut.end()
        else:
            yield start, start + 2 * size
            start += 2 * size - min(OVERLAP, size)
    yield start, len(text)


def resolved(findings: list[Finding]) -> list[Finding]:
    """Findings without overlaps: what was validated wins over the higher score, and that over the longer value."""
    if len(findings) < 2:  # noqa: PLR2004  # one finding overlaps nothing
        return findings
    best_first = sorted(set(findings), key=lambda f: (not f.validated, -f.score, f.start - f.end, f.start, f.entity))
    kept = _Intervals()
    return sorted((f for f in best_first if kept.take(f.start, f.end)), key=lambda f: f.start)


class _Intervals:
    """Taken stretches of a text, in blocks, so that asking costs the same however many there are."""

    BLOCK = 64

    def __init__(self) -> None:
        self._blocks: dict[int, list[tuple[int, int]]] = {}

    def take(self, start: int, end: int) -> bool:
        """Take a stretch, unless part of it is taken."""
        blocks = range(start // self.BLOCK, (end - 1) // self.BLOCK + 1)
        for block in blocks:
            if any(start < taken_end and taken_start < end for taken_start, taken_end in self._blocks.get(block, ())):
                return False
        for block in blocks:
            self._blocks.setdefault(block, []).append((start, end))
        return True
