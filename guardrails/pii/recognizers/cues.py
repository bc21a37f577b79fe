"""Whole words before a value that say what it is."""

from __future__ import annotations

import re

from guardrails.scanning.folding import fold

REACH = 60
LIFT = 0.35  # as guardrails.scanning.context_words

DIGITS = r"\d"
"""Trigger of everything that begins with a digit: recognizers with the same trigger are asked together."""


class Cues:
    """Words before a value, unlike :class:`~guardrails.scanning.context_words.ContextWords` whole ones.

    Args:
        words: a regular expression for them in lower case and without diacritics, without groups that capture.
        reach: how many characters before the value count, at most 64.
    """

    def __init__(self, words: str, reach: int = REACH) -> None:
        self._pattern = re.compile(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])")
        self._reach = reach

    def precede(self, text: str, begin: int) -> bool:
        """Whether one of the words stands shortly before ``begin``."""
        return self._pattern.search(fold(text[max(0, begin - self._reach) : begin])) is not None

    def lift(self, score: float, text: str, begin: int) -> float:
        """The score of a value that begins at ``begin``, raised where one of the words stands before it."""
        return min(1.0, score + LIFT) if self.precede(text, begin) else score


class Label:
    """What names the value that follows it at once, as in ``order number: 212-555-0123``.

    Args:
        words: as for :class:`Cues`.
    """

    REACH = 40
    LINKS = "number|numbers|num|nr|no|code|ids?|is|was|are|so|ma"

    def __init__(self, words: str) -> None:
        self._pattern = re.compile(rf"(?<![a-z0-9])(?:{words})(?:[ _-]?(?:{self.LINKS})(?![a-z]))*[\s:#.=\"'(-]*\Z")

    def stands_before(self, text: str, begin: int) -> bool:
        """Whether the value at ``begin`` is named so."""
        return self._pattern.search(fold(text[max(0, begin - self.REACH) : begin])) is not None


OTHER_NUMBER = Label(
    "orders?|invoices?|receipts?|tickets?|cases?|tracking|parcels?|shipments?|serial|versions?|builds?|releases?|models?"
    "|parts?|items?|batch|lot|sku|ean|gtin|upc|isbn|issn|doi|barcode|accounts?|acct|customers?|transactions?|reference"
    "|refs?|policy|contracts?|claims?|licen[cs]e|passport|tax|vat|ssn|iban|cards?|zip|postcode|score|timestamp|epoch"
    "|commit|issue|pull request|pr|page|pages|lines?|don hang|hoa don|van don|tai khoan|stk|mst|cmnd|cccd|can cuoc"
    "|ho chieu"
)
"""Names of numbers that look like something personal and are not."""
