"""Addresses of crypto wallets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardrails.pii.presidio import presidio_recognizer
from guardrails.pii.recognizers.cues import DIGITS, Cues
from guardrails.pii.recognizers.keccak import keccak_256
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading


class CryptoRecognizer:
    """Bitcoin addresses by Presidio's checksums, Ethereum addresses by EIP-55.

    An Ethereum address in one case has no checksum and looks like any number of 160 bits: only a word such as
    ``wallet`` before it makes it one.
    """

    entity = "CRYPTO"
    reads: Reading = "text"
    trigger = DIGITS

    # Begins at the first digit; "bc1" has two letters before it.
    ADDRESS = re.compile(
        r"[013](?:(?<!\w[013])(?:(?<=0)x[0-9A-Fa-f]{40}|(?<=[13])[1-9A-HJ-NP-Za-km-z]{25,34})"
        r"|(?<=bc1)[02-9ac-hj-np-z]{11,71}|(?<=BC1)[02-9AC-HJ-NP-Z]{11,71})(?!\w)",
        re.ASCII,
    )
    ETHEREUM = 0.3
    CONTEXT = Cues(
        "ethereum|eth|ether|ens|wallets?|crypto|address|token|usdt|usdc|erc-?20|metamask|send|sent|pay|vi|dia chi"
    )

    def __init__(self) -> None:
        self._presidio = presidio_recognizer("CryptoRecognizer", "generic.crypto_recognizer")()

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self.ADDRESS.finditer(text, start, end):
            begin, value = match.start(), match.group()
            if value.startswith("0x"):
                yield self._ethereum(text, begin, value)
                continue
            if value[0] == "1" and text[max(0, begin - 2) : begin].lower() == "bc":
                begin, value = begin - 2, text[begin - 2 : match.end()]
            is_whole = begin >= start and not (begin > 0 and (text[begin - 1].isalnum() or text[begin - 1] == "_"))
            if is_whole and self._presidio.validate_result(value.lower() if value[0] in "bB" else value):
                yield Finding(self.entity, begin, match.end(), 1.0, validated=True)

    def _ethereum(self, text: str, begin: int, value: str) -> Finding:
        end = begin + len(value)
        if has_eip55_checksum(value[2:]):
            return Finding(self.entity, begin, end, 1.0, validated=True)
        return Finding(self.entity, begin, end, self.CONTEXT.lift(self.ETHEREUM, text, begin))


def has_eip55_checksum(digits: str) -> bool:
    """Whether the case of 40 hexadecimal digits is that of an Ethereum address (EIP-55); no for one case only."""
    if digits in (digits.lower(), digits.upper()):
        return False
    keys = keccak_256(digits.lower().encode()).hex()
    return all(
        digit.isdigit() or digit.isupper() == (int(key, 16) >= 8)  # noqa: PLR2004  # the highest of four bits
        for digit, key in zip(digits, keys, strict=False)
    )
