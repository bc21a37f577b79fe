from collections.abc import Callable

import pytest

FOUND = {
    "MAC 00:1B:44:11:3A:B7": "00:1B:44:11:3A:B7",
    "aa:bb:cc:dd:ee:ff.": "aa:bb:cc:dd:ee:ff",
    "AA-BB-CC-DD-EE-FF": "AA-BB-CC-DD-EE-FF",
    "00-1b-44-11-3a-b7": "00-1b-44-11-3a-b7",
    "001b.4411.3ab7 on port 3": "001b.4411.3ab7",
    "(00:1B:44:11:3A:B7)": "00:1B:44:11:3A:B7",
    "mac=00:1B:44:11:3A:B7": "00:1B:44:11:3A:B7",
}
NOT_FOUND = [
    "00:1B:44:11:3A",
    "00:1B:44:11:3A:B7:01",
    "ff:ff:ff:ff:ff:ff",
    "00:00:00:00:00:00",
    "10:20:30",
    "00:1B-44:11-3A:B7",
    "1234.5678.9012",
    "2001:db8::1",
    "zz:1B:44:11:3A:B7",
    "x00:1B:44:11:3A:B7",
    "de-ad-be-ef",
]


@pytest.mark.parametrize(("text", "value"), FOUND.items())
def test_value_is_found(
    text: str,
    value: str,
    values: Callable[[str, str], list[str]],
    among_all: Callable[[str], list[tuple[str, str]]],
) -> None:
    """By its recognizer, in a scan, and among the findings of all recognizers."""
    assert values("MAC_ADDRESS", text) == [value]
    assert ("MAC_ADDRESS", value) in among_all(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_lookalike_is_left_alone(text: str, values: Callable[[str, str], list[str]]) -> None:
    assert values("MAC_ADDRESS", text) == []
