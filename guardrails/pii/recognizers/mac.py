"""Addresses of network cards."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading


class MacRecognizer:
    """MAC addresses of 48 bits as IEEE 802 and Cisco write them; not that of nobody and that of everybody."""

    entity = "MAC_ADDRESS"
    reads: Reading = "text"
    trigger = r":[0-9A-Fa-f]{2}:|-[0-9A-Fa-f]{2}-|\.[0-9A-Fa-f]{4}\."

    ADDRESS = re.compile(
        r"(?<![\w:.-])(?:[0-9A-Fa-f]{2}([:-])[0-9A-Fa-f]{2}(?:\1[0-9A-Fa-f]{2}){4}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})"
        r"(?!\w|[:-][0-9A-Fa-f]|\.\w)"
    )
    SCORE = 0.8
    NOBODYS = frozenset(("000000000000", "ffffffffffff"))

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.ADDRESS.finditer(text, start, end):
            digits = re.sub(r"[:.-]", "", match.group()).lower()
            # "1234.5678.9012" is an amount sooner than Cisco's writing.
            is_likely = match.group(1) is not None or not digits.isdigit()
            if is_likely and digits not in self.NOBODYS:
                yield Finding(self.entity, match.start(), match.end(), self.SCORE, validated=True)
