import pytest

from guardrails.pii.recognizers import GENERAL
from guardrails.scanning.finding import Finding
from guardrails.scanning.plan import Plan

EVERYTHING = Plan(GENERAL, threshold=0)


def only_finding(text: str, entity: str) -> Finding:
    findings = [finding for finding in EVERYTHING.look(text, "")[0] if finding.entity == entity]
    assert len(findings) == 1
    return findings[0]


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("4111111111111111", "CREDIT_CARD"),
        ("DE89370400440532013000", "IBAN_CODE"),
        ("jane@example.com", "EMAIL_ADDRESS"),
        ("+44 20 7946 0958", "PHONE_NUMBER"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "CRYPTO"),
        ("https://jane:hunter2@example.com/", "URL"),
        ("2001:db8::1", "IP_ADDRESS"),
    ],
)
def test_checksums_registries_and_grammars_validate(text: str, entity: str) -> None:
    assert only_finding(text, entity).validated


@pytest.mark.parametrize(
    ("words", "value", "entity"),
    [
        ("phone", "212-555-0123", "PHONE_NUMBER"),
        ("Điện thoại", "0912345678", "PHONE_NUMBER"),
        ("SSN", "219099998", "US_SSN"),
        ("IP address", "192.0.2.17", "IP_ADDRESS"),
        ("wallet", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "CRYPTO"),
        ("credit card", "9000 0000 0000 0000 001", "CREDIT_CARD"),
    ],
)
def test_words_before_a_value_make_it_likelier(words: str, value: str, entity: str) -> None:
    alone, after = only_finding(value, entity), only_finding(f"{words}: {value}", entity)
    assert not alone.validated
    assert after.score > alone.score


@pytest.mark.parametrize(
    ("text", "entity"),
    [
        ("version 192.0.2.17", "IP_ADDRESS"),
        ("order 219-09-9998", "US_SSN"),
    ],
)
def test_words_that_name_something_else_make_it_less_likely(text: str, entity: str) -> None:
    assert only_finding(text, entity).score < only_finding(text.partition(" ")[2], entity).score


def test_part_of_a_word_is_no_context() -> None:
    assert EVERYTHING.look("microphone 2125550123 televisions", "")[0] == []


def test_words_in_the_context_before_a_window_count() -> None:
    """Such as the key of a JSON member."""
    assert [finding.entity for finding in EVERYTHING.look("2125550123", "phone ")[0]] == ["PHONE_NUMBER"]
    assert [finding.entity for finding in EVERYTHING.look("14/03/1980", "dateOfBirth ")[0]] == ["DATE_OF_BIRTH"]
