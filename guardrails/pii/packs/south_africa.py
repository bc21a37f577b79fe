"""South African phone numbers as the country writes them, told apart into mobile and other ones as Presidio does.

Presidio walks the text with ``phonenumbers.PhoneNumberMatcher`` once for each of the two; here candidates are cut out
by a pattern, and ``phonenumbers`` says what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import PhoneNumberType

from guardrails.pii.packs.predefined import DIGIT, LONGEST_WHOLE_WORD
from guardrails.scanning.context_words import ContextWords
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading

REGION = "ZA"
SCORE = 0.4  # as Presidio's
CANDIDATE = re.compile(
    r"(?<![\w.+])(?:(?:\+|00)27[ .-]?(?:\(0\)[ .-]?)?|\(?0)[1-9]\d\)?(?:[ .-]?\d){7}(?!\w)", re.ASCII
)
MOBILE = frozenset({PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE})
CONTEXT = (
    "phone", "number", "telephone", "cell", "cellphone", "mobile", "call", "cellular", "handset", "contact number",
    "landline", "tel", "home number", "work number", "office number", "sms", "whatsapp",
)  # fmt: skip


class SouthAfricanPhoneRecognizer:
    """South African phone numbers of one kind.

    Args:
        entity: ``ZA_MOBILE_NUMBER``, or ``ZA_TELEPHONE_NUMBER`` for all that are not mobile.
    """

    reads: Reading = "text"
    trigger = DIGIT

    def __init__(self, entity: str) -> None:
        self.entity = entity
        self._is_for_mobile = entity == "ZA_MOBILE_NUMBER"
        self._context = ContextWords(CONTEXT, whole_up_to=LONGEST_WHOLE_WORD)

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in CANDIDATE.finditer(text, start, end):
            if self._is_one(match.group()):
                begin = match.start() + (match.group().startswith("(") and match.group().count(")") == 0)
                # By the country's numbering plan; so it wins over a phone number of some country.
                yield Finding(self.entity, begin, match.end(), self._context.lift(SCORE, text, begin), validated=True)

    def _is_one(self, value: str) -> bool:
        try:
            number = phonenumbers.parse(value, REGION)
        except phonenumbers.NumberParseException:
            return False
        if not phonenumbers.is_valid_number_for_region(number, REGION):
            return False
        return (phonenumbers.number_type(number) in MOBILE) == self._is_for_mobile


def phone_recognizers() -> tuple[SouthAfricanPhoneRecognizer, ...]:
    return SouthAfricanPhoneRecognizer("ZA_MOBILE_NUMBER"), SouthAfricanPhoneRecognizer("ZA_TELEPHONE_NUMBER")
