"""Numbers of Vietnamese identity cards: CMND of 9 digits, and CCCD of 12, the personal identification number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from guardrails.pii.vietnam.cues import kind_before
from guardrails.pii.vietnam.provinces import PROVINCE_CODES
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading

BEFORE = r"(?<![\w+#])(?<!\d[.,/\-])"
AFTER = r"(?!\w)(?![.,/\-]\d)"
THIS_YEAR = datetime.now(tz=UTC).year
# The oldest who holds a card was born in the 1910s.
EARLIEST_YEAR = 1910


class CmndRecognizer:
    """Old identity cards: 9 digits, the first two of which are a province's, after words such as ``CMND``.

    Any nine digits could be one, so that there must be such a word.
    """

    entity = "VN_CMND"
    reads: Reading = "text"
    trigger = r"\d"
    fewest_digits = 9
    SCORE = 0.8
    # Provinces have 01 to 38.
    NUMBER = re.compile(
        rf"{BEFORE}(?=0[1-9]|[12]\d|3[0-8])"
        rf"(?:\d{{9}}|(?<!\d[ ])\d{{3}}([ .\-])\d{{3}}\1\d{{3}}(?!\1\d{{3}}(?!\d))){AFTER}"
    )

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.NUMBER.finditer(text, start, end):
            if kind_before(text, match.start()) == "identity":
                yield Finding(self.entity, match.start(), match.end(), self.SCORE)


class CccdRecognizer:
    """Citizen identity cards: province, century and gender, year of birth, and six digits (circular 59/2021/TT-BCA).

    All begin with 0, so that times and most numbers of orders are none. About one in a hundred numbers of 12 digits
    is well-formed; that is enough for a moderate score where no word says what the number is. Since July 2025 the
    number is its holder's tax code as well.
    """

    entity = "VN_CCCD"
    reads: Reading = "text"
    trigger = r"\d"
    fewest_digits = 12
    SCORE, SCORE_WITH_CUE = 0.45, 0.95
    NUMBER = re.compile(
        rf"{BEFORE}(?=0)(?:\d{{12}}|(?<!\d[ ])(?:\d{{3}}([ .\-])\d{{3}}\1\d{{3}}\1\d{{3}}"
        rf"|\d{{3}}([ .\-])\d{{3}}\2\d{{6}}|\d{{4}}([ .\-])\d{{4}}\3\d{{4}})){AFTER}"
    )

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.NUMBER.finditer(text, start, end):
            if not is_personal_number(re.sub(r"\D", "", match.group())):
                continue
            kind = kind_before(text, match.start())
            if kind in {"identity", "tax"}:
                yield Finding(self.entity, match.start(), match.end(), self.SCORE_WITH_CUE, validated=True)
            elif kind is None:
                yield Finding(self.entity, match.start(), match.end(), self.SCORE)


def is_personal_number(digits: str) -> bool:
    """Whether 12 digits have the form of a personal identification number of somebody alive."""
    century = 19 + int(digits[3]) // 2
    return digits[:3] in PROVINCE_CODES and EARLIEST_YEAR <= century * 100 + int(digits[4:6]) <= THIS_YEAR
