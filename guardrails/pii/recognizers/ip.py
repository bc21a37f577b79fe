"""IP addresses and networks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from guardrails.pii.recognizers.cues import DIGITS, Cues, Label
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading

CONTEXT = Cues(
    "ips?|ipv[46]|ip address|address|addresses|hosts?|servers?|clients?|gateway|router|subnet|network|netmask|dns|ping"
    "|login|logged in|from|firewall|peer|remote|dia chi|may chu"
)


class Ip4Recognizer:
    """IPv4 addresses and networks; version numbers of four parts count for less."""

    entity = "IP_ADDRESS"
    reads: Reading = "text"
    trigger = DIGITS
    fewest_digits = 4

    ADDRESS = re.compile(
        r"\d(?<![\w.]\d)\d{0,2}(?:\.\d{1,3}){3}(?:/(?:3[0-2]|[12]?\d)(?![\w/]))?(?![\w]|\.\d|-\d)", re.ASCII
    )
    SCORE, UNLIKELY = 0.6, 0.15
    VERSION = Label(
        "versions?|ver|v|releases?|builds?|firmware|driver|update|upgrade|phien ban|section|chapter|clause|muc|dieu"
    )
    PRODUCT = re.compile(r"(?<![/\w])[A-Za-z][\w-]*/\Z")

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.ADDRESS.finditer(text, start, end):
            value = match.group().partition("/")[0]
            if all(len(part) == 1 or (part[0] != "0" and int(part) < 256) for part in value.split(".")):  # noqa: PLR2004
                begin = match.start()
                score = self.UNLIKELY if self._is_version(text, begin) else CONTEXT.lift(self.SCORE, text, begin)
                yield Finding(self.entity, begin, match.end(), score)

    def _is_version(self, text: str, begin: int) -> bool:
        """As in ``version 2.13.4.1`` and ``Chrome/120.0.0.0``."""
        return self.VERSION.stands_before(text, begin) or bool(self.PRODUCT.search(text[max(0, begin - 24) : begin]))


class Ip6Recognizer:
    """IPv6 addresses and networks, with a zone or an IPv4 part where they have one."""

    entity = "IP_ADDRESS"
    reads: Reading = "text"
    trigger = ":[0-9A-Fa-f:]"

    CANDIDATE = re.compile(
        r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:[0-9A-Fa-f]{0,4}:)([0-9A-Fa-f:]+(?:(?:\.\d{1,3}){3})?)(%\w+)?(/\d{1,3})?(?!\w)"
    )
    SLICE = re.compile(r"[\w)\]]\[\Z")
    SCORE = 0.8
    GROUPS_WITHOUT_DIGITS = 3

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.CANDIDATE.finditer(text, start, end):
            address = match.group(1)
            # "::1:" at the end of a clause.
            trailing = 1 if address.endswith(":") and not address.endswith("::") else 0
            if trailing and (match.group(2) or match.group(3)):
                continue
            value = address[: len(address) - trailing]
            if self._is_address(value) and not self.SLICE.search(text[max(0, match.start() - 2) : match.start()]):
                yield Finding(self.entity, match.start(), match.end() - trailing, self.SCORE, validated=True)

    def _is_address(self, value: str) -> bool:
        try:
            ipaddress.IPv6Address(value)
        except ValueError:
            return False
        groups = [group for group in value.split(":") if group]
        has_digit = any(character.isdigit() for character in value)
        # "2019::" is a label sooner.
        if len(groups) == 1 and value.endswith("::") and value[:-2].isdigit():
            return False
        # "1:2:3:4:5:6:7:8" is a ratio sooner than an address.
        is_address = "::" in value or any(len(group) > 2 or not group.isdigit() for group in groups)  # noqa: PLR2004
        return is_address and bool(groups) and (has_digit or len(groups) >= self.GROUPS_WITHOUT_DIGITS)
