"""Card numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.pii.presidio import presidio_recognizer
from guardrails.pii.recognizers.cues import DIGITS, Cues, Label
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading


class CreditCardRecognizer:
    """Card numbers of 13 to 19 digits in any grouping, that pass Presidio's Luhn check.

    A tenth of all numbers pass it, so the number must begin as those of a network do and be as long. Where it does
    not, or is grouped as hardly a card is, only a word such as ``card`` before it makes it one.
    """

    entity = "CREDIT_CARD"
    reads: Reading = "text"
    trigger = DIGITS
    fewest_digits = 13

    RUN = re.compile(r"[1-9](?<![\w.+][1-9])(?<!\d-[1-9])(?:[-. /_]{0,2}\d){12,}(?!\w)")
    GROUP = re.compile(r"\d+")
    # Ranges of ISO/IEC 7812 in use: Visa, Mastercard, American Express, UATP, Diners Club, Discover, JCB, UnionPay,
    # Mir, Maestro and Dankort.
    NETWORK = re.compile(
        r"4(?:\d{12}|\d{15}|\d{18})"
        r"|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"
        r"|3[47]\d{13}|1\d{14}|3(?:0[0-59]|[68]\d)\d{11,16}"
        r"|(?:6011|64[4-9]\d|65\d\d)\d{12,15}|35(?:2[89]|[3-8]\d)\d{12,15}|62\d{14,17}|220[0-4]\d{12,15}"
        r"|(?:5018|5020|5038|5893|6304|67\d\d)\d{9,15}|5019\d{12}"
    )
    USUAL_SHAPES = frozenset(
        [(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 1), (4, 4, 4, 4, 2), (4, 4, 4, 4, 3), (4, 4, 4, 1), (4, 4, 5)]
    )
    SHORTEST, LONGEST, USUAL = 13, 19, 16
    FEW_GROUPS, SMALL = 5, 2
    WEAK = 0.2
    CONTEXT = Cues(
        "cards?|credit|debit|visa|master ?card|amex|american express|diners|discover|jcb|maestro|unionpay|cvv|cvc"
        "|pan|payment|paid with|charge|the tin dung|the ghi no|so the|the ngan hang|the atm"
    )
    ARTICLE = Label("ean(?:-?13)?|gtin(?:-?13)?|upc|barcode|isbn(?:-?13)?|imei")

    def __init__(self) -> None:
        self._presidio = presidio_recognizer("CreditCardRecognizer", "generic.credit_card_recognizer")()

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for run in self.RUN.finditer(text, start, end):
            groups = list(self.GROUP.finditer(text, run.start(), run.end()))
            first = 0
            while first < len(groups):
                last, score = self._best(text, groups, first)
                if last is None:
                    first += 1
                    continue
                begin = groups[first].start()
                yield Finding(self.entity, begin, groups[last].end(), score, validated=score == 1)
                # What merely might be a number may hold the beginning of one that is.
                first = last + 1 if score == 1 else first + 1

    def _best(self, text: str, groups: list[re.Match[str]], first: int) -> tuple[int | None, float]:
        """The group that ends a number which begins with the group ``first``, and the score of it.

        What follows a number may look like its last group. Sixteen digits win, as nearly all cards have them, then
        the longest.
        """
        sizes = [group.end() - group.start() for group in groups[first : first + self.LONGEST]]
        # Of digits one by one, or two by two, the first begins a number, or every other would be tried.
        if sizes[0] <= self.SMALL and first > 0 and groups[first - 1].end() - groups[first - 1].start() == sizes[0]:
            return None, 0
        digits = ""
        best: tuple[tuple[float, bool, int], int] | None = None
        for count, size in enumerate(sizes, 1):
            if count > self.FEW_GROUPS and size != sizes[0]:
                break
            digits += groups[first + count - 1].group()
            if len(digits) > self.LONGEST:
                break
            if len(digits) >= self.SHORTEST and (
                score := self._score(text, groups, first, tuple(sizes[:count]), digits)
            ):
                rank = (score, len(digits) == self.USUAL, len(digits))
                best = max(best or (rank, 0), (rank, first + count - 1))
        return (None, 0) if best is None else (best[1], best[0][0])

    def _score(self, text: str, groups: list[re.Match[str]], first: int, shape: tuple[int, ...], digits: str) -> float:
        is_alone = first == 0 and len(shape) == len(groups) <= self.FEW_GROUPS
        is_grouped_well = len(shape) == 1 or shape in self.USUAL_SHAPES or len(set(shape)) == 1 or is_alone
        is_card = is_grouped_well and self.NETWORK.fullmatch(digits) is not None
        # Zeros pass the check.
        if not (is_card or len(shape) <= self.FEW_GROUPS) or digits[0] == "0" or digits == digits[0] * len(digits):
            return 0
        begin = groups[first].start()
        if not self._luhn(digits) or self.ARTICLE.stands_before(text, begin):
            return 0
        return 1 if is_card else self.CONTEXT.lift(self.WEAK, text, begin)

    def _luhn(self, digits: str) -> bool:
        return bool(self._presidio.validate_result(digits))
