from collections.abc import Callable

import pytest

FULL_WIDTH = "".join(chr(ord(character) + 0xFEE0) for character in "jane@example.com")
LONG = "a" * 60 + "@example.com"
FOUND = {
    "https://example.com/users/jane.doe@example.com": "jane.doe@example.com",
    "https://example.com/?email=jane@example.com&x=1": "jane@example.com",
    "**jane@example.com**": "jane@example.com",
    "write to jane.doe@example.com please": "jane.doe@example.com",
    "JANE@EXAMPLE.CO.UK": "JANE@EXAMPLE.CO.UK",
    "<jane+news@mail.example.org>": "jane+news@mail.example.org",
    "see 'o.brien@example.ie', thanks": "o.brien@example.ie",
    "mailto:jane@example.com?subject=x": "jane@example.com",
    "ends a sentence jane@example.com.": "jane@example.com",
    "no space jane@example.com.Thanks": "jane@example.com",
    "no space jane@example.com.Call me": "jane@example.com",
    "j@example.com": "j@example.com",
    "tên@ví-dụ.vn": "tên@ví-dụ.vn",
    "user_name-1@sub.sub2.example.museum": "user_name-1@sub.sub2.example.museum",
    "x@xn--80ak6aa92e.com": "x@xn--80ak6aa92e.com",
    "jane@mail.corp.local": "jane@mail.corp.local",
    "почта@пример.рф": "почта@пример.рф",
    "jane%40example.com in a query": "jane%40example.com",
    "jane&#64;example.com": "jane&#64;example.com",
    "jane&#x40;example.com": "jane&#x40;example.com",
    "jane&#X40;example.com": "jane&#X40;example.com",
    "jane&commat;example.com": "jane&commat;example.com",
    FULL_WIDTH: FULL_WIDTH,
    "ja\u200bne@exam\u200bple.com!": "ja\u200bne@exam\u200bple.com",
    '{"email":"jane@example.com"}': "jane@example.com",
    "email:jane@example.com,name:x": "jane@example.com",
    LONG: LONG,
}
NOT_FOUND = [
    "jane@localhost",
    "@example.com",
    "jane@",
    "a @ b.com",
    "jane@example",
    "foo@bar.invalidtld",
    "@",
    "@@",
    "jane.@example.com",
    "npm install left-pad@1.3.0",
    "logo@2x.png",
    "git@github.com:acme/app.git",
    "@jane.doe on air",
    "@Override public",
    "x@@example.com is odd",
]


@pytest.mark.parametrize(("text", "value"), FOUND.items())
def test_value_is_found(
    text: str,
    value: str,
    values: Callable[[str, str], list[str]],
    among_all: Callable[[str], list[tuple[str, str]]],
) -> None:
    """By its recognizer, in a scan, and among the findings of all recognizers."""
    assert values("EMAIL_ADDRESS", text) == [value]
    assert ("EMAIL_ADDRESS", value) in among_all(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_lookalike_is_left_alone(text: str, values: Callable[[str, str], list[str]]) -> None:
    assert values("EMAIL_ADDRESS", text) == []
