from __future__ import annotations

import pytest

from guardrails.placeholders.normal_form import normal_form


@pytest.mark.parametrize(
    ("entity", "writings"),
    [
        ("EMAIL_ADDRESS", ["jane@example.com", "Jane@Example.COM", "jane%40example.com", "\uff4aane@example.com"]),
        ("EMAIL_ADDRESS", ["jos\u00e9@example.com", "jose\u0301@example.com", "jo\u200bs\u00e9@example.com"]),
        ("PHONE_NUMBER", ["+84912345678", "+84 912 345 678", "+84-912-345-678", "+\uff18\uff14 912345678"]),
        ("PHONE_NUMBER", ["0912345678", "(091) 234 5678", "091\u00a0234\u00a05678"]),
        ("CREDIT_CARD", ["4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111"]),
        ("IBAN_CODE", ["DE89370400440532013000", "de89 3704 0044 0532 0130 00"]),
        ("US_SSN", ["219-09-9998", "219099998", "219 09 9998"]),
        ("VN_CCCD", ["079203001234", "079 203 001 234"]),
        ("VN_TAX_CODE", ["0101243150-001", "0101243150001"]),
        ("MAC_ADDRESS", ["00:1B:44:11:3A:B7", "00-1b-44-11-3a-b7", "001b.4411.3ab7"]),
        ("IP_ADDRESS", ["2001:DB8::1", "2001:db8::1"]),
        ("VN_ADDRESS", ["số 12 đường Lê Lợi", "số  12\nđường Lê Lợi", "so\u0302\u0301 12 đường Lê Lợi"]),
        ("PERSON", ["Jane Miller", "Jane\u00a0 Miller", " Jane\tMiller "]),
        ("CUSTOM_OF_AN_OPERATOR", ["a b", "a   b"]),
    ],
)  # fmt: skip
def test_all_writings_of_a_value_have_one_form(entity: str, writings: list[str]) -> None:
    assert len({normal_form(entity, writing) for writing in writings}) == 1


@pytest.mark.parametrize(
    ("entity", "one", "other"),
    [
        ("EMAIL_ADDRESS", "jane.doe@example.com", "janedoe@example.com"),
        ("PHONE_NUMBER", "+84912345678", "84912345678"),
        ("PHONE_NUMBER", "0912345678", "0912345679"),
        ("IBAN_CODE", "DE89370400440532013000", "AT89370400440532013000"),
        ("PERSON", "Jane Miller", "jane miller"),
        ("PERSON", "Nguyễn Văn An", "Nguyễn Văn Ân"),
        ("SECRET_PASSWORD", "Tr0ub4dor&3", "tr0ub4dor&3"),
        ("VN_ADDRESS", "số 12 đường Lê Lợi", "số 1 2 đường Lê Lợi"),
        ("URL", "https://jane:a@example.com/A", "https://jane:a@example.com/a"),
        ("PHONE_NUMBER", "---", "***"),
    ],
)
def test_different_values_keep_different_forms(entity: str, one: str, other: str) -> None:
    assert normal_form(entity, one) != normal_form(entity, other)


@pytest.mark.parametrize("value", ["\ud800", "\u200b", "+", " ", "a\x00b", "\U0001f600"])
def test_whatever_was_found_has_a_form(value: str) -> None:
    """Also what no recognizer should give."""
    assert all(isinstance(normal_form(entity, value), str) for entity in ("EMAIL_ADDRESS", "PHONE_NUMBER", "PERSON"))
