"""UUIDs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.pii.recognizers.cues import DIGITS
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading


class UuidRecognizer:
    """UUIDs of any version, with hyphens; not the one of zeros only."""

    entity = "UUID"
    reads: Reading = "text"
    trigger = DIGITS

    HEX = "[0-9A-Fa-f]"
    # Begins at the first hyphen, as hexadecimal digits are in every word.
    UUID = re.compile(rf"-(?<={HEX}{{8}}-){HEX}{{4}}-{HEX}{{4}}-{HEX}{{4}}-{HEX}{{12}}(?![\w-])")

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.UUID.finditer(text, start, end):
            begin = match.start() - 8
            is_whole = begin == 0 or not (text[begin - 1].isalnum() or text[begin - 1] in "_-")
            if begin >= start and is_whole and match.group().strip("-0"):
                yield Finding(self.entity, begin, match.end(), 0.9, validated=True)
