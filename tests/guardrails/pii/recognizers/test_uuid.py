from collections.abc import Callable

import pytest

FOUND = {
    "id 123e4567-e89b-42d3-a456-426614174000": "123e4567-e89b-42d3-a456-426614174000",
    "{123E4567-E89B-42D3-A456-426614174000}": "123E4567-E89B-42D3-A456-426614174000",
    "urn:uuid:123e4567-e89b-12d3-a456-426614174000.": "123e4567-e89b-12d3-a456-426614174000",
    "/items/123e4567-e89b-42d3-a456-426614174000/edit": "123e4567-e89b-42d3-a456-426614174000",
}
NOT_FOUND = [
    "00000000-0000-0000-0000-000000000000",
    "123e4567-e89b-42d3-a456-42661417400",
    "x123e4567-e89b-42d3-a456-426614174000",
    "123e4567-e89b-42d3-a456-4266141740001",
    "123e4567-e89b-42d3-a456-426614174000-1",
    "123g4567-e89b-42d3-a456-426614174000",
    "2024-01-15-10-30",
]


@pytest.mark.parametrize(("text", "value"), FOUND.items())
def test_value_is_found(
    text: str,
    value: str,
    values: Callable[[str, str], list[str]],
    among_all: Callable[[str], list[tuple[str, str]]],
) -> None:
    """By its recognizer, in a scan, and among the findings of all recognizers."""
    assert values("UUID", text) == [value]
    assert ("UUID", value) in among_all(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_lookalike_is_left_alone(text: str, values: Callable[[str, str], list[str]]) -> None:
    assert values("UUID", text) == []
