"""Recognizers of personal data that is the same in every country."""

from __future__ import annotations

from guardrails.pii.recognizers.card import CreditCardRecognizer
from guardrails.pii.recognizers.crypto import CryptoRecognizer
from guardrails.pii.recognizers.date_of_birth import DateOfBirthRecognizer, MonthFirstDateOfBirthRecognizer
from guardrails.pii.recognizers.email import EmailRecognizer
from guardrails.pii.recognizers.iban import IbanRecognizer
from guardrails.pii.recognizers.ip import Ip4Recognizer, Ip6Recognizer
from guardrails.pii.recognizers.mac import MacRecognizer
from guardrails.pii.recognizers.phone import PhoneRecognizer
from guardrails.pii.recognizers.ssn import UsSsnRecognizer
from guardrails.pii.recognizers.url import UrlRecognizer
from guardrails.pii.recognizers.uuid import UuidRecognizer
from guardrails.scanning.recognizer import Recognizer

GENERAL: tuple[Recognizer, ...] = (
    EmailRecognizer(),
    PhoneRecognizer(),
    CreditCardRecognizer(),
    IbanRecognizer(),
    Ip4Recognizer(),
    Ip6Recognizer(),
    UrlRecognizer(),
    CryptoRecognizer(),
    UsSsnRecognizer(),
    MacRecognizer(),
    DateOfBirthRecognizer(),
    MonthFirstDateOfBirthRecognizer(),
    UuidRecognizer(),
)
