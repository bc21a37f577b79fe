"""Recognizers of Vietnamese personal data: the country pack ``vn``."""

from guardrails.pii.vietnam.address import AddressRecognizer, NumberFirstAddressRecognizer
from guardrails.pii.vietnam.bank_account import BankAccountRecognizer
from guardrails.pii.vietnam.identity import CccdRecognizer, CmndRecognizer
from guardrails.pii.vietnam.tax_code import TaxCodeRecognizer
from guardrails.scanning.recognizer import Recognizer

VIETNAM: tuple[Recognizer, ...] = (
    CmndRecognizer(),
    CccdRecognizer(),
    TaxCodeRecognizer(),
    BankAccountRecognizer(),
    AddressRecognizer(),
    NumberFirstAddressRecognizer(),
)
"""All recognizers of the pack."""

__all__ = ["VIETNAM"]
