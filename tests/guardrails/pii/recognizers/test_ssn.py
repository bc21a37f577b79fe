from collections.abc import Callable

import pytest

FOUND = {
    "SSN 219 - 09 - 9998": "219 - 09 - 9998",
    "219-09-9998": "219-09-9998",
    "219 09 9998": "219 09 9998",
    "219.09.9998": "219.09.9998",
    "ssn 219099998": "219099998",
    "SSN: 219-09-9998,": "219-09-9998",
    "social security number: 219-099998": "219-099998",
    "my Social Security No. is 219099998": "219099998",
}
NOT_FOUND = [
    "000-12-3456",
    "666-12-3456",
    "900-12-3456",
    "219-00-9998",
    "219-09-0000",
    "219-09 9998",
    "111-11-1111",
    "219099998",
    "078-05-1120",
    "1219-09-9998",
    "1-219-09-9998",
    "219-09-9998-1",
    "order 219-09-9998",
    "classnames 219099998",
]


@pytest.mark.parametrize(("text", "value"), FOUND.items())
def test_value_is_found(
    text: str,
    value: str,
    values: Callable[[str, str], list[str]],
    among_all: Callable[[str], list[tuple[str, str]]],
) -> None:
    """By its recognizer, in a scan, and among the findings of all recognizers."""
    assert values("US_SSN", text) == [value]
    assert ("US_SSN", value) in among_all(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_lookalike_is_left_alone(text: str, values: Callable[[str, str], list[str]]) -> None:
    assert values("US_SSN", text) == []
