"""Vietnamese tax codes (mã số thuế): 10 digits, for a branch followed by three more."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.pii.vietnam.cues import kind_before
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading

WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


class TaxCodeRecognizer:
    """Tax codes whose check digit is right.

    One in eleven numbers passes the check, so that either a word such as ``MST`` stands before it, or it is written
    as a branch's: ``0101243150-001``.
    """

    entity = "VN_TAX_CODE"
    reads: Reading = "text"
    trigger = r"\d"
    fewest_digits = 10
    SCORE, SCORE_OF_BRANCH = 0.95, 0.6
    # Forms with a box for each digit give one digit and one space at a time.
    NUMBER = re.compile(
        r"(?<![\w+#])(?<!\d[.,/\- ])(?:\d{10}|\d(?: \d){9}|\d{4}([ .\-])\d{3}\1\d{3}|\d{2}([ .\-])\d{2}\2\d{3}\2\d{3}"
        r"|\d{3}([ .\-])\d{3}\3\d{4})(\d{3}| ?- ?\d{3}| \d{3}(?! ?\d))?(?!\w)(?![.,/\-]\d)"
    )

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.NUMBER.finditer(text, start, end):
            if not is_tax_code(re.sub(r"\D", "", match.group())[:10]):
                continue
            kind = kind_before(text, match.start())
            if kind == "tax":
                yield Finding(self.entity, match.start(), match.end(), self.SCORE, validated=True)
            elif kind != "other" and re.fullmatch(r"\d{10}-\d{3}", match.group()):
                yield Finding(self.entity, match.start(), match.end(), self.SCORE_OF_BRANCH, validated=True)


def is_tax_code(digits: str) -> bool:
    """Whether the last of 10 digits is right: ten less the weighted sum of the others modulo eleven."""
    weighted = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, digits, strict=False))
    return 10 - weighted % 11 == int(digits[9])
