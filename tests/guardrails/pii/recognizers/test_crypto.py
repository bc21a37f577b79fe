from collections.abc import Callable

import pytest

FOUND = {
    "bitcoin 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "to 3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy.": "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq": "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ": "BC1QAR0SRRR7XFKVY5L643LYDNW9RE59GTZZWF5MDQ",
    "bitcoin:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa?amount=1": "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "(0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359)": "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "send ETH to 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed": "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    "my wallet: 0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED": "0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED",
}
NOT_FOUND = [
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdp",
    "BC1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq",
    "x1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "hash 0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
    "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed00",
    "0xdeadbeef",
    "1111111111111111111111111111",
]


@pytest.mark.parametrize(("text", "value"), FOUND.items())
def test_value_is_found(
    text: str,
    value: str,
    values: Callable[[str, str], list[str]],
    among_all: Callable[[str], list[tuple[str, str]]],
) -> None:
    """By its recognizer, in a scan, and among the findings of all recognizers."""
    assert values("CRYPTO", text) == [value]
    assert ("CRYPTO", value) in among_all(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_lookalike_is_left_alone(text: str, values: Callable[[str, str], list[str]]) -> None:
    assert values("CRYPTO", text) == []
