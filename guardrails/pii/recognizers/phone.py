"""Phone numbers: groups of digits that are a number of a country's numbering plan, in a form that phone numbers have.

Presidio's recognizer finds few numbers and takes most of the time of its analysis; here candidates are cut from the
text once. A number with ``+`` is sure. A national one is as likely as it looks: by its groups, its separators and the
``0`` it begins with. One that could be any number counts only after a word such as ``phone``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

from guardrails.pii.recognizers.cues import DIGITS, LIFT, OTHER_NUMBER, Cues
from guardrails.pii.recognizers.phone_plans import (
    LANDLINE_AND_MOBILE,
    LONGEST,
    NATIONAL,
    WITH_TRUNK_ZERO,
    international,
    plan,
)
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading

SURE, STRONG, LIKELY, WITH_CONTEXT = 0.9, 0.6, 0.4, 0.45
POSSIBLE = 0.6

ANY = plan(NATIONAL, (*LANDLINE_AND_MOBILE, "toll_free", "shared_cost", "voip", "uan"))
TRUNK = plan(dict.fromkeys(WITH_TRUNK_ZERO, "0") | {"IT": "(?=0)"}, (*LANDLINE_AND_MOBILE, "toll_free", "voip"))
# With the British range that is set aside for fiction.
TRUNK_MOBILE = re.compile(plan(dict.fromkeys(WITH_TRUNK_ZERO, "0"), ("mobile",)).pattern + r"|07[1-9]\d{8}")
NANP = re.compile(r"1?[2-9]\d\d[2-9]\d{6}")
NORTH_AMERICAN = plan({"US": "1?", "CA": "1?"}, (*LANDLINE_AND_MOBILE, "toll_free"))
ITALIAN_MOBILE = re.compile(r"3[2-9]\d{8}")
# Groups that are hardly anything else, for numbers without a leading zero.
OF_COUNTRY = {
    (2, 5, 4): plan({"BR": ""}, LANDLINE_AND_MOBILE),
    (2, 4, 4): plan({"BR": ""}, LANDLINE_AND_MOBILE),
    (2, 2, 5, 4): plan({"BR": "55"}, LANDLINE_AND_MOBILE),
    (2, 2, 4, 4): plan({"BR": "55"}, LANDLINE_AND_MOBILE),
    (2, 5, 5): plan({"IN": "91"}, ("mobile",)),
    (2, 10): plan({"IN": "91"}, ("mobile",)),
    (2, 3, 2, 2): plan({"ES": ""}, LANDLINE_AND_MOBILE),
    (3, 2, 2, 2): plan({"ES": ""}, LANDLINE_AND_MOBILE),
    (2, 3, 3, 3): plan({"VN": "84", "ES": "34"}, LANDLINE_AND_MOBILE),
    (2, 9): plan({"VN": "84"}, ("mobile",)),
}
SPACED_OF_COUNTRY = frozenset([(2, 3, 2, 2), (3, 2, 2, 2), (2, 3, 3, 3)])
NORTH_AMERICAN_SHAPES = frozenset([(3, 3, 4), (1, 3, 3, 4), (3, 7)])
LOCAL = re.compile(r"[2-9]\d{6}")
LOCAL_SHAPE = (3, 4)
US_ZIP = (5, 4)

CONTEXT = Cues(
    "phones?|telephones?|telefon|telefono|telefone|mobiles?|cells?|cellphones?|cellular|tel|ph|mob|handy|smartphone|landline"
    "|call|calls|called|calling|dial|dialled|dialed|ring|fax|sms|text|texted|whatsapp|zalo|viber|telegram|signal|hotline"
    "|contact|reach|reached|my number|his number|her number|their number|your number|helpline"
    "|dien thoai|dt|sdt|dtdd|di dong|so may|goi|lien he|lien lac|nhan tin|may ban|duong day nong"
)


class PhoneRecognizer:
    """Phone numbers of any country when written with ``+`` or ``00``, else of the countries in ``NATIONAL``."""

    entity = "PHONE_NUMBER"
    reads: Reading = "text"
    trigger = DIGITS
    fewest_digits = 7

    SHORTEST, SHORTEST_NATIONAL, SHORTEST_UNSEPARATED = 7, 9, 10
    LONGEST_NATIONAL, FEW_GROUPS = 12, 3
    SPAN, MOST_GROUPS, MOST_GROUPS_NATIONAL = 30, 8, 6
    RUN = re.compile(r"\d(?<![\w.]\d)(?:[-. ()\[\]/]{0,3}\d){6,}(?:(?!\w)|(?=x\d|ext))", re.ASCII)
    GROUP = re.compile(r"\d+")
    PLUS = re.compile(r"\+[ (]?\Z")
    DATE = re.compile(
        r"(?:19|20)\d\d[-/. ]?[01]?\d[-/. ]?[0-3]?\d(?:\D|\Z)|[0-3]?\d([-/. ])[0-3]?\d\1(?:19|20)\d\d(?!\d)"
        r"|(?:0?[1-9]|1[0-2])[-/. ](?:19|20)\d\d(?!\d)"
    )
    MONEY = re.compile(r"[$€£¥₫#]\s?\Z")

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for run in self.RUN.finditer(text, start, end):
            yield from _Run(self, text, start, run).findings()


class _Run:
    """Groups of digits near each other, among which numbers, dates and amounts may be."""

    def __init__(self, recognizer: PhoneRecognizer, text: str, start: int, run: re.Match[str]) -> None:
        self._recognizer = recognizer
        self._text = text
        self._start = start
        self._groups = [match.span() for match in recognizer.GROUP.finditer(text, run.start(), run.end())]

    def findings(self) -> Iterator[Finding]:
        """Each group is tried as the beginning of a number, and of its ends the one that makes it likeliest."""
        first = 0
        while first < len(self._groups):
            best = self._best(first) if self._may_begin(first) else None
            if best is None:
                first += 1
                continue
            last, score, validated = best
            begin = self._begin(first, last)
            yield Finding(self._recognizer.entity, begin, self._groups[last][1], score, validated)
            first = last + 1

    def _best(self, first: int) -> tuple[int, float, bool] | None:
        text, groups = self._text, self._groups
        begin = groups[first][0]
        has_plus = self._recognizer.PLUS.search(text, max(0, begin - 3), begin) is not None
        digits = ""
        best: tuple[int, float, bool] | None = None
        for last in range(first, min(len(groups), first + self._recognizer.MOST_GROUPS)):
            digits += text[groups[last][0] : groups[last][1]]
            if groups[last][1] - begin > self._recognizer.SPAN or len(digits) > LONGEST + 2:
                break
            if len(digits) >= self._recognizer.SHORTEST and self._may_end(last):
                score = self._score(digits, first, last, has_plus)
                if score and (best is None or score >= best[1]):
                    best = last, score, score == SURE and has_plus
        return best

    def _score(self, digits: str, first: int, last: int, has_plus: bool) -> float:
        if has_plus:
            return {"valid": SURE, "possible": POSSIBLE, None: 0.0}[international(digits)]
        if digits[:2] == "00":
            return STRONG if international(digits[2:]) == "valid" else 0
        if len(digits) > LONGEST - 2 or last - first >= self._recognizer.MOST_GROUPS_NATIONAL:
            return 0
        score = self._by_form(digits, first, last)
        if not score and not self._is_plausible(digits, first, last):
            return 0
        begin = self._begin(first, last)
        if (
            self._recognizer.DATE.match(self._text, self._groups[first][0])
            or self._recognizer.MONEY.search(self._text, max(0, begin - 2), begin)
            or OTHER_NUMBER.stands_before(self._text, begin)
        ):
            return 0
        return score + LIFT if score and self._has_context else score or WITH_CONTEXT

    @cached_property
    def _has_context(self) -> bool:
        return CONTEXT.precede(self._text, self._groups[0][0])

    def _by_form(self, digits: str, first: int, last: int) -> float:
        """How likely a national number is by its form alone."""
        shape = tuple(end - start for start, end in self._groups[first : last + 1])
        if len(shape) == 1:
            is_mobile = len(digits) >= self._recognizer.SHORTEST_UNSEPARATED and TRUNK_MOBILE.fullmatch(digits)
            return STRONG if digits[0] == "0" and is_mobile else 0
        separators = self._separators(first, last)
        if digits[0] == "0":
            return STRONG if self._has_trunk_form(digits, shape, separators) else 0
        if shape in NORTH_AMERICAN_SHAPES:
            return self._north_american(digits, shape, separators)
        numbers = OF_COUNTRY.get(shape)
        if numbers and numbers.fullmatch(digits):
            if shape in SPACED_OF_COUNTRY:
                return LIKELY
            return STRONG if "-" in separators or ")" in separators else 0
        return 0

    def _north_american(self, digits: str, shape: tuple[int, ...], separators: str) -> float:
        if shape == (3, 7):
            return STRONG if ")" in separators and NANP.fullmatch(digits) else 0
        if "-" in separators or "." in separators or ")" in separators:
            if NANP.fullmatch(digits):
                return STRONG
            return LIKELY if "." not in separators and len(shape) == self._recognizer.FEW_GROUPS else 0
        return LIKELY if NORTH_AMERICAN.fullmatch(digits) or ITALIAN_MOBILE.fullmatch(digits) else 0

    def _has_trunk_form(self, digits: str, shape: tuple[int, ...], separators: str) -> bool:
        if not self._recognizer.SHORTEST_NATIONAL <= len(digits) <= self._recognizer.LONGEST_NATIONAL or 1 in shape:
            return False
        # "01.234567" is a decimal number; groups that grow and shrink are several numbers.
        if len(shape) == 2 and set(separators) == {"."}:  # noqa: PLR2004
            return False
        if shape == US_ZIP and separators == "-":
            return False
        falls = all(one >= other for one, other in pairwise(shape[1:]))
        return (len(shape) <= self._recognizer.FEW_GROUPS or falls) and TRUNK.fullmatch(digits) is not None

    def _is_plausible(self, digits: str, first: int, last: int) -> bool:
        """Whether words before it make it a number: of a plan at all, or a local one of North America."""
        shape = tuple(end - start for start, end in self._groups[first : last + 1])
        is_local = shape == LOCAL_SHAPE and LOCAL.fullmatch(digits) is not None
        if not is_local and len(digits) < self._recognizer.SHORTEST_NATIONAL:
            return False
        begin = self._groups[first][0]
        # "INV-2024-000123"
        is_part_of_name = self._text[max(0, begin - 1) : begin] in ("-", "_")
        return not is_part_of_name and self._has_context and (is_local or ANY.fullmatch(digits) is not None)

    def _separators(self, first: int, last: int) -> str:
        groups = self._groups
        return "".join(self._text[groups[i][1] : groups[i + 1][0]] for i in range(first, last))

    def _may_begin(self, first: int) -> bool:
        """Not in the middle of digits with hyphens or the like, unless it is long enough by itself."""
        begin, end = self._groups[first]
        if first == 0 or end - begin >= self._recognizer.SHORTEST_UNSEPARATED:
            return True
        return self._text[begin - 1] not in "-./"

    def _may_end(self, last: int) -> bool:
        begin, end = self._groups[last]
        if last == len(self._groups) - 1 or end - begin >= self._recognizer.SHORTEST_UNSEPARATED:
            return True
        return not (self._text[end] in "-." and self._text[end + 1].isdigit())

    def _begin(self, first: int, last: int) -> int:
        """With the ``+``, and with the bracket around the area code, but not one around the whole number."""
        text, begin = self._text, self._groups[first][0]
        closes = any(closing in self._separators(first, last) for closing in ")]")
        while begin > self._start:
            before = text[begin - 1]
            if before in "([" and closes:
                closes = False
            elif before != "+":
                break
            begin -= 1
        return begin
