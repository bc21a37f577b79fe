"""Vietnamese bank accounts: 6 to 19 digits without a checksum, known by the words around them only."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.pii.vietnam import cues
from guardrails.scanning.finding import Finding
from guardrails.scanning.folding import fold
from guardrails.scanning.recognizer import Reading

SENTENCE_END = re.compile(r"[.!?]\s|;|\n\s*\n")
LONGEST_NAME_OF_BANK = 24


class BankAccountRecognizer:
    """Numbers after ``số tài khoản``, ``STK``, ``account number``, or beside the name of a Vietnamese bank."""

    entity = "VN_BANK_ACCOUNT"
    reads: Reading = "text"
    trigger = r"\d"
    fewest_digits = 6
    SCORE, SCORE_BY_BANK = 0.8, 0.6
    SHORTEST, LONGEST, SHORTEST_BY_BANK = 6, 19, 8
    REACH = 45
    NUMBER = re.compile(
        r"(?<![\w+#@/])(?<!\d[.,\-])(?:\d{6,19}(?:-\d{1,4})?|\d{1,5}(?:[ .\-]\d{1,6}){1,6})(?!\w)(?![.,/\-]\d)"
    )
    # Dates, amounts of money, and the numbers of service lines.
    NO_ACCOUNT = re.compile(
        r"\d{1,2}([.\- ])\d{1,2}\1(?:19|20)\d\d|(?:19|20)\d\d([.\-])\d{1,2}\2\d{1,2}|[1-9]\d{0,2}(?:\.\d{3})+"
        r"|1[89]00[ .\-]?\d{2,4}(?:[ .\-]?\d{2,4})?"
    )

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        matches = list(self.NUMBER.finditer(text, start, end))
        if not matches or cues.OF_BANKS.search(fold(text[:end])) is None:
            return
        for match in matches:
            score = self._score(text, match)
            if score:
                yield Finding(self.entity, match.start(), match.end(), score)

    def _score(self, text: str, number: re.Match[str]) -> float:
        """How sure it is an account; 0 where it is none."""
        digits = sum(character.isdigit() for character in number.group())
        if not self.SHORTEST <= digits <= self.LONGEST or self.NO_ACCOUNT.fullmatch(number.group()):
            return 0
        after = fold(text[number.end() : number.end() + LONGEST_NAME_OF_BANK])
        if cues.MONEY_AFTER.match(after):
            return 0
        around = cues.before(text, number.start())
        by_bank = False
        while around and around[0].kind == "bank_name":
            by_bank = by_bank or self._reaches(around[0])
            around = around[1:]
        if around and around[0].kind == "bank" and self._reaches(around[0]):
            return self.SCORE
        if around and around[0].kind in {"identity", "tax", "other"} and len(around[0].after) < self.REACH // 2:
            return 0
        if digits >= self.SHORTEST_BY_BANK and (by_bank or cues.BANK_AFTER.match(after)):
            return self.SCORE_BY_BANK
        return 0

    def _reaches(self, cue: cues.Cue) -> bool:
        return len(cue.after) <= self.REACH and not SENTENCE_END.search(cue.after)
