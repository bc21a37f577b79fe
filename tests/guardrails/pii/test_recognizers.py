import time

import pytest

from guardrails.pii.detection import detect
from guardrails.pii.redaction import ENTITIES
from inferspect.tenancy.rules import PiiEntity, PiiRules

THRESHOLD = PiiRules().score_threshold

EMAILS = {
    "write to jane.doe@example.com please": "jane.doe@example.com",
    "JANE@EXAMPLE.CO.UK": "JANE@EXAMPLE.CO.UK",
    "<jane+news@mail.example.org>": "jane+news@mail.example.org",
    "see 'o.brien@example.ie', thanks": "o.brien@example.ie",
    "mailto:jane@example.com?subject=x": "jane@example.com",
    "ends a sentence jane@example.com.": "jane@example.com",
    "no space jane@example.com.Thanks": "jane@example.com",
    "j@example.com": "j@example.com",
    "tên@ví-dụ.vn": "tên@ví-dụ.vn",
    "user_name-1@sub.sub2.example.museum": "user_name-1@sub.sub2.example.museum",
    "x@xn--80ak6aa92e.com": "x@xn--80ak6aa92e.com",
}
NO_EMAILS = [
    "jane@localhost",
    "@example.com",
    "jane@",
    "a @ b.com",
    "jane@example",
    "foo@bar.invalidtld",
    "@",
    "@@",
    "jane.@example.com",
]
CARDS = {
    "card 4111111111111111.": "4111111111111111",
    "4111 1111 1111 1111": "4111 1111 1111 1111",
    "4111-1111-1111-1111": "4111-1111-1111-1111",
    "4111.1111.1111.1111": "4111.1111.1111.1111",
    "5555555555554444": "5555555555554444",
    "2223 0031 2200 3222": "2223 0031 2200 3222",
    "378282246310005": "378282246310005",
    "3782 822463 10005": "3782 822463 10005",
    "30569309025904": "30569309025904",
    "6011111111111117": "6011111111111117",
    "4222222222222": "4222222222222",
    "order 12 4111 1111 1111 1111": "4111 1111 1111 1111",
    "4111111111111111 219-09-9998": "4111111111111111",
    "4111 1111 1111 1111 123 items": "4111 1111 1111 1111",
}
NO_CARDS = [
    "4111111111111112",
    "4111 1111 1111 1112",
    "411111111111",
    "0000 0000 0000 0000",
    "x4111111111111111",
    "4111111111111111x",
    "9" * 25,
    "1.2.3.4",
]
IBANS = {
    "DE89370400440532013000": "DE89370400440532013000",
    "to GB29 NWBK 6016 1331 9268 19.": "GB29 NWBK 6016 1331 9268 19",
    "FR14-2004-1010-0505-0001-3M02-606": "FR14-2004-1010-0505-0001-3M02-606",
    "deposit in DE89370400440532013000 2 days from today": "DE89370400440532013000",
    "NL91ABNA0417164300": "NL91ABNA0417164300",
    "MT84MALT011000012345MTLCAST001S": "MT84MALT011000012345MTLCAST001S",
}
NO_IBANS = [
    "DE89370400440532013001",
    "XX89370400440532013000",
    "DE893704",
    "ABDE89370400440532013000",
    "GB29 NWBK 6016 1331 9268 10",
]
ADDRESSES = {
    "from 192.0.2.17 at noon": "192.0.2.17",
    "10.0.0.0/8": "10.0.0.0/8",
    "host 198.51.100.7:8080": "198.51.100.7",
    "2001:db8::8a2e:370:7334": "2001:db8::8a2e:370:7334",
    "fe80::1%eth0": "fe80::1%eth0",
    "[2001:db8:85a3:0:0:8a2e:370:7334]": "2001:db8:85a3:0:0:8a2e:370:7334",
    "::ffff:192.0.2.128": "::ffff:192.0.2.128",
    "::1 is home.": "::1",
}
NO_ADDRESSES = [
    "256.1.1.1",
    "1.2.3",
    "version 10.2",
    "std::vector",
    "10:30:45",
    "a::b::c",
    "time: 12:30",
    "::",
    "key: value",
]
SSNS = {
    "219-09-9998": "219-09-9998",
    "219 09 9998": "219 09 9998",
    "219.09.9998": "219.09.9998",
    "ssn 219099998": "219099998",
    "social security number: 219-099998": "219-099998",
}
NO_SSNS = [
    "000-12-3456",
    "666-12-3456",
    "219-00-9998",
    "219-09-0000",
    "219-09 9998",
    "111-11-1111",
    "219099998",
    "078-05-1120",
    "1219-09-9998",
]
PHONES = {
    "call (212) 555-0123 now": "(212) 555-0123",
    "+1 650-253-0000": "+1 650-253-0000",
    "212-555-0123": "212-555-0123",
    "2125550123": "2125550123",
    "1-800-356-9377": "1-800-356-9377",
    "+44 20 7946 0958": "+44 20 7946 0958",
    "020 7946 0958": "020 7946 0958",
    "0044 20 7946 0958": "0044 20 7946 0958",
    "06 12 34 56 78": "06 12 34 56 78",
    "+33 6 12 34 56 78": "+33 6 12 34 56 78",
    "030/12345678": "030/12345678",
    "+49 (30) 1234 5678": "+49 (30) 1234 5678",
    "sđt 0912 345 678": "0912 345 678",
    "+84 912 345 678.": "+84 912 345 678",
    "9876543210": "9876543210",
    "(11) 91234-5678": "(11) 91234-5678",
    "+81 3-1234-5678": "+81 3-1234-5678",
    "call 212-555-0123 2024": "212-555-0123",
    "in 2024 212-555-0123": "212-555-0123",
    "(212-555-0123)": "212-555-0123",
    "(call 212-555-0123)": "212-555-0123",
}
NO_PHONES = [
    "2024-01-15 10:30:00",
    "15.01.2024",
    "12345",
    "1234567",
    "v1.2.3.4.5.6.7",
    "pages 100 200",
    "$1,234,567.00",
    "550e8400-e29b-41d4-a716-446655440000",
    "123-45",
    "A2125550123",
    "0000000000",
    "+1",
    "3.14159265358979",
]

FOUND: dict[PiiEntity, dict[str, str]] = {
    "EMAIL_ADDRESS": EMAILS,
    "CREDIT_CARD": CARDS,
    "IBAN_CODE": IBANS,
    "IP_ADDRESS": ADDRESSES,
    "US_SSN": SSNS,
    "PHONE_NUMBER": PHONES,
}
NOT_FOUND: dict[PiiEntity, list[str]] = {
    "EMAIL_ADDRESS": NO_EMAILS,
    "CREDIT_CARD": NO_CARDS,
    "IBAN_CODE": NO_IBANS,
    "IP_ADDRESS": NO_ADDRESSES,
    "US_SSN": NO_SSNS,
    "PHONE_NUMBER": NO_PHONES,
}


@pytest.mark.parametrize(
    ("entity", "text", "value"), [(entity, *pair) for entity, table in FOUND.items() for pair in table.items()]
)
def test_value_is_found_alone_and_among_all_entities(entity: PiiEntity, text: str, value: str) -> None:
    """The recognizer finds exactly the value, and it survives the competition with the other recognizers."""
    assert [text[f.start : f.end] for f in detect(text, THRESHOLD, [entity])] == [value]
    assert (entity, value) in [(f.entity, text[f.start : f.end]) for f in detect(text, THRESHOLD, ENTITIES)]


@pytest.mark.parametrize(("entity", "text"), [(entity, text) for entity, table in NOT_FOUND.items() for text in table])
def test_lookalike_is_left_alone(entity: PiiEntity, text: str) -> None:
    """What only looks like a value is not found as one."""
    assert detect(text, THRESHOLD, [entity]) == []


def test_checksums_validate_and_context_words_lift() -> None:
    """A checked number is certain; a word before an unchecked one makes it more likely, a part of a word does not."""
    assert detect("4111111111111111", 0, ["CREDIT_CARD"])[0].validated
    alone, after, inside = (
        detect(f"{words}2125550123", 0, ["PHONE_NUMBER"])[0].score for words in ("", "phone: ", "microphone ")
    )
    assert (alone, after, inside) == (0.4, 0.75, 0.4)


def test_no_value_below_the_threshold() -> None:
    """A tenant's threshold decides which unchecked values count."""
    assert detect("2125550123", 0.5, ["PHONE_NUMBER"]) == []
    assert len(detect("phone 2125550123", 0.5, ["PHONE_NUMBER"])) == 1


HOSTILE = [
    "a.", "1", "a@", "1-", "1 ", "12 34 ", "a@a.", "+1", "+1 2 ", "AB12", "1:", "1.", "(", "4111 ", "a.b@c-", " 0",
    " 001", "GB29 NWBK ", "1(", "::", "::1 ", "x-",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_time_grows_with_the_length_and_not_faster(unit: str) -> None:
    """Four times the text takes about four times as long, whatever the text is made of."""

    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            detect(text, THRESHOLD, ENTITIES)
            best = min(best, time.process_time() - began)
        return best

    assert seconds(48_000) < 10 * seconds(12_000) + 0.005
