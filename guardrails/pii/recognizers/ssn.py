"""Social security numbers of the United States."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.pii.presidio import presidio_recognizer
from guardrails.pii.recognizers.cues import DIGITS, OTHER_NUMBER, Cues
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading


class UsSsnRecognizer:
    """US social security numbers by Presidio's check; without two equal separators only after a word that says so."""

    entity = "US_SSN"
    reads: Reading = "text"
    trigger = DIGITS
    fewest_digits = 9

    NUMBER = re.compile(
        r"[0-8](?<!\w[0-8])(?<!\d[-.][0-8])\d\d( - |[-. ]?)\d\d( - |[-. ]?)\d{4}(?!\w|[-.]\d)", re.ASCII
    )
    HYPHENS, OTHERS = 0.6, 0.4
    WEAK = 0.05
    CONTEXT = Cues("ssns?|ss|social security|social sec|social|tin|taxpayer|tax id")

    def __init__(self) -> None:
        self._presidio = presidio_recognizer("UsSsnRecognizer", "country_specific.us.us_ssn_recognizer")()

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.NUMBER.finditer(text, start, end):
            if not self._presidio.invalidate_result(match.group().replace(" - ", "-")):
                yield Finding(self.entity, match.start(), match.end(), self._score(text, match))

    def _score(self, text: str, match: re.Match[str]) -> float:
        first, second = match.groups()
        score = self.WEAK
        if first and first == second:
            score = self.HYPHENS if "-" in first else self.OTHERS
        begin = match.start()
        if self.CONTEXT.precede(text, begin):
            return self.CONTEXT.lift(score, text, begin)
        return self.WEAK if OTHER_NUMBER.stands_before(text, begin) else score
