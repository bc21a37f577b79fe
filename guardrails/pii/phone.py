"""Phone numbers: groups of digits that are a number of a country's numbering plan.

Presidio's own recognizer walks the text once for each region with ``phonenumbers.PhoneNumberMatcher``, which takes
four fifths of the time of a whole analysis and finds few numbers. Here candidates are cut from the text once, and
national numbers are compared with the plans that ``phonenumbers`` carries; it parses the international ones itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import phonenumbers
from phonenumbers import PhoneMetadata

from guardrails.pii.finding import Finding
from guardrails.scanning.context_words import ContextWords

if TYPE_CHECKING:
    from collections.abc import Iterator

    from inferspect.tenancy.rules import PiiEntity

CONTEXT = (
    "phone", "number", "telephone", "tel", "cell", "cellphone", "mobile", "call", "fax", "whatsapp",
    "điện thoại", "sđt", "đt",
)  # fmt: skip
KINDS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "uan",
)  # fmt: skip
# What is dialled before a national number; an empty alternative where people leave it out.
PREFIXES = {
    "US": "1?", "CA": "1?", "GB": "0|44", "DE": "0|49", "FR": "0|33", "IN": "0|91|", "BR": "0|55|", "IL": "0|972",
    "VN": "0|84",
}  # fmt: skip


def _plan(region: str, prefix: str) -> re.Pattern[str]:
    metadata = PhoneMetadata.metadata_for_region(region)
    kinds = (getattr(metadata, kind, None) for kind in KINDS)
    numbers = "|".join(kind.national_number_pattern for kind in kinds if kind and kind.national_number_pattern)
    return re.compile(f"(?:{prefix})(?:{numbers})", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Characters of a run of digits between two spaces."""

    start: int
    end: int
    digits: str


class PhoneRecognizer:
    """Phone numbers of any country when written with ``+`` or ``00``, else of the countries in ``PREFIXES``."""

    entity: PiiEntity = "PHONE_NUMBER"
    has_digits = True
    SCORE = 0.4  # as Presidio's
    SHORTEST, LONGEST = 7, 15  # digits, the latter by ITU-T E.164
    SPAN = 26
    MOST_PIECES = 8
    RUN = re.compile(r"(?<![\w.])(?:[+(\[]{0,2}\d)[\d\-. ()\[\]/\u00a0\u2010-\u2015]{4,}\d(?!\w)", re.ASCII)
    PIECE = re.compile(r"[^ \u00a0]+")
    INTERNATIONAL = re.compile(r"[(\[]?(?:\+|(00)(?=[1-9]))", re.ASCII)
    NOT_DIGITS = re.compile(r"\D+", re.ASCII)
    DATE = re.compile(
        r"(?:19|20)\d\d[-/.]?[01]?\d[-/.]?[0-3]?\d(?:\D|\Z)|[0-3]?\d[-/.][0-3]?\d[-/.](?:19|20)\d\d", re.ASCII
    )

    def __init__(self) -> None:
        self._plans = [_plan(region, prefix) for region, prefix in PREFIXES.items()]
        self._context = ContextWords(CONTEXT)

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for run in self.RUN.finditer(text, start, end):
            yield from self._in_run(text, run.start(), run.end())

    def _in_run(self, text: str, start: int, end: int) -> Iterator[Finding]:
        """A run may hold several numbers, dates and amounts: try each piece as a beginning, the longest end first."""
        pieces = [
            _Piece(match.start(), match.end(), self.NOT_DIGITS.sub("", match.group()))
            for match in self.PIECE.finditer(text, start, end)
        ]
        index = 0
        while index < len(pieces):
            last = self._last_piece(text, pieces, index)
            if last is None:
                index += 1
                continue
            begin, finish = self._trimmed(text, pieces[index].start, pieces[last].end)
            yield Finding(self.entity, begin, finish, self._context.lift(self.SCORE, text, begin))
            index = last + 1

    def _last_piece(self, text: str, pieces: list[_Piece], first: int) -> int | None:
        start = pieces[first].start
        if not pieces[first].digits or self.DATE.match(text, start, pieces[first].end):
            return None
        digits = ""
        ends: list[tuple[int, str]] = []
        for index in range(first, min(len(pieces), first + self.MOST_PIECES)):
            digits += pieces[index].digits
            if pieces[index].end - start > self.SPAN or len(digits) > self.LONGEST + 2:
                break
            if len(digits) >= self.SHORTEST:
                ends.append((index, digits))
        international = self.INTERNATIONAL.match(text, start)
        prefix = len(international.group(1) or "") if international else None
        for index, candidate in reversed(ends):
            if self._is_valid(candidate, prefix):
                return index
        return None

    def _is_valid(self, digits: str, international_prefix: int | None) -> bool:
        """Whether digits are a number; of any country, where that many of them are an international prefix."""
        if international_prefix is None:
            return len(digits) <= self.LONGEST and any(plan.fullmatch(digits) for plan in self._plans)
        try:
            number = phonenumbers.parse("+" + digits[international_prefix:])
        except phonenumbers.NumberParseException:
            return False
        return bool(phonenumbers.is_valid_number(number))

    @staticmethod
    def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
        """Without a bracket that encloses the number together with the words around it."""
        if text[start] in "([" and not any(closing in text[start:end] for closing in ")]"):
            start += 1
        while not text[end - 1].isdigit():
            end -= 1
        return start, end
