from collections.abc import Callable

import pytest

FOUND = {
    "from 192.0.2.17 at noon": "192.0.2.17",
    "10.0.0.0/8": "10.0.0.0/8",
    "host 198.51.100.7:8080": "198.51.100.7",
    "http://192.0.2.17/index.html": "192.0.2.17",
    "it was 192.0.2.17.": "192.0.2.17",
    "[192.0.2.17]": "192.0.2.17",
    "2001:db8::8a2e:370:7334": "2001:db8::8a2e:370:7334",
    "fe80::1%eth0": "fe80::1%eth0",
    "[2001:db8:85a3:0:0:8a2e:370:7334]": "2001:db8:85a3:0:0:8a2e:370:7334",
    "[2001:db8::1]:443": "2001:db8::1",
    "::ffff:192.0.2.128": "::ffff:192.0.2.128",
    "::1 is home.": "::1",
    "dead:beef::cafe": "dead:beef::cafe",
    "2001:DB8::/32 is for examples": "2001:DB8::/32",
    "it is 2001:db8::1: an address": "2001:db8::1",
}
NOT_FOUND = [
    "2019:: a good year",
    "256.1.1.1",
    "1.2.3",
    "version 10.2",
    "std::vector",
    "10:30:45",
    "a::b::c",
    "time: 12:30",
    "::",
    "key: value",
    "version 2.13.4.1",
    "v2.13.4.1",
    "Version: 2.13.4.1",
    "upgraded to release 10.4.2.1",
    "Chrome/120.0.0.0 Safari",
    "1.2.3.4.5",
    "01.02.03.04",
    "section 4.1.2.3 of the law",
    "x[1::2] and x[::2]",
    "1:2:3:4:5:6:7:8",
    "phiên bản 2.13.4.1",
    "Foo::Bar",
    "abc::def",
]


@pytest.mark.parametrize(("text", "value"), FOUND.items())
def test_value_is_found(
    text: str,
    value: str,
    values: Callable[[str, str], list[str]],
    among_all: Callable[[str], list[tuple[str, str]]],
) -> None:
    """By its recognizer, in a scan, and among the findings of all recognizers."""
    assert values("IP_ADDRESS", text) == [value]
    assert ("IP_ADDRESS", value) in among_all(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_lookalike_is_left_alone(text: str, values: Callable[[str, str], list[str]]) -> None:
    assert values("IP_ADDRESS", text) == []
