"""The one form of a value in its many writings, by entity."""

from __future__ import annotations

import unicodedata

from guardrails.scanning.folding import plain, read
from inferspect.tenancy.entities import ENTITIES, GENERAL

WITHOUT_CASE = frozenset({"EMAIL_ADDRESS", "IP_ADDRESS"})
CODES = frozenset({"PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "MAC_ADDRESS", "UUID"})
"""Letters and digits that people group as they like. So are the numbers of all country packs."""
WORDS_OF_PACKS = frozenset({"VN_ADDRESS"})


def normal_form(entity: str, value: str) -> str:
    """What a value says, whichever way it is written.

    Full-width and styled characters become plain, invisible ones go, accents join their letters (NFC). E-mail and IP
    addresses are put in lower case; of codes only letters, in upper case, digits and plus signs stay; in all others
    white space is one blank.
    """
    said = unicodedata.normalize("NFC", read(plain(value)).text)
    if entity in WITHOUT_CASE:
        return said.lower()
    if _is_code(entity):
        code = "".join(character for character in said if character.isalnum() or character == "+").upper()
        if code:
            return code
    return " ".join(said.split())


def _is_code(entity: str) -> bool:
    if entity in CODES:
        return True
    known = ENTITIES.get(entity)
    return known is not None and known.guardrail == "pii" and known.pack != GENERAL and entity not in WORDS_OF_PACKS
