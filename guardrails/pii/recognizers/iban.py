"""International bank account numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.pii.recognizers.cues import DIGITS
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading

# Characters of an IBAN by country: SWIFT's IBAN registry.
LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29,
    "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29,
    "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28,
    "HN": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20,
    "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19,
    "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18, "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29,
    "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19, "SK": 24,
    "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
    "YE": 30,
}  # fmt: skip


class IbanRecognizer:
    """IBANs of every country in SWIFT's registry, in upper or lower case, whole or in groups of any size.

    The remainder by 97 (ISO 7064) and the length of the country decide; what follows is not taken for a last group.
    """

    entity = "IBAN_CODE"
    reads: Reading = "text"
    trigger = DIGITS

    # Begins at the check digits, as letters are in every word.
    CHECK_DIGITS = re.compile(r"\d(?<=[A-Za-z]{2}\d)(?<![A-Za-z0-9][A-Za-z]{2}\d)\d(?=[- ]?[A-Za-z0-9])", re.ASCII)
    REST = re.compile(r"(?:[- ]?[A-Za-z0-9]){1,34}")

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        taken = start
        for digits in self.CHECK_DIGITS.finditer(text, start, end):
            begin = digits.start() - 2
            length = LENGTHS.get(text[begin : begin + 2].upper()) if begin >= taken else None
            finish = self._finish(text, begin, end, length) if length else None
            if finish:
                taken = finish
                yield Finding(self.entity, begin, finish, 1.0, validated=True)

    def _finish(self, text: str, begin: int, end: int, length: int) -> int | None:
        rest = self.REST.match(text, begin, end)
        characters = [i for i in range(begin, rest.end()) if text[i].isalnum()] if rest else []
        if len(characters) < length:
            return None
        finish = characters[length - 1] + 1
        if finish < len(text) and text[finish].isalnum():
            return None
        value = "".join(text[i] for i in characters[:length]).upper()
        rearranged = value[4:] + value[:4]
        return finish if int("".join(str(int(character, 36)) for character in rearranged)) % 97 == 1 else None
