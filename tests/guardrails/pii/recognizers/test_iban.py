from collections.abc import Callable

import pytest

FOUND = {
    "DE89370400440532013000": "DE89370400440532013000",
    "to GB29 NWBK 6016 1331 9268 19.": "GB29 NWBK 6016 1331 9268 19",
    "FR14-2004-1010-0505-0001-3M02-606": "FR14-2004-1010-0505-0001-3M02-606",
    "deposit in DE89370400440532013000 2 days from today": "DE89370400440532013000",
    "GB29 NWBK 6016 1331 9268 19 by Friday": "GB29 NWBK 6016 1331 9268 19",
    "NL91ABNA0417164300": "NL91ABNA0417164300",
    "MT84MALT011000012345MTLCAST001S": "MT84MALT011000012345MTLCAST001S",
    "de89370400440532013000": "de89370400440532013000",
    "de89 3704 0044 0532 0130 00": "de89 3704 0044 0532 0130 00",
    "gb29nwbk60161331926819": "gb29nwbk60161331926819",
    "IBAN:NO9386011117947": "NO9386011117947",
    "BE68 5390 0754 7034, thanks": "BE68 5390 0754 7034",
    "DE89 37040044 0532013000": "DE89 37040044 0532013000",
}
NOT_FOUND = [
    "DE89370400440532013001",
    "XX89370400440532013000",
    "DE893704",
    "ABDE89370400440532013000",
    "GB29 NWBK 6016 1331 9268 10",
    "model no12345678901234",
    "it27 words and more words of it 12",
    "DE8937040044053201300",
    "DE893704004405320130001",
]


@pytest.mark.parametrize(("text", "value"), FOUND.items())
def test_value_is_found(
    text: str,
    value: str,
    values: Callable[[str, str], list[str]],
    among_all: Callable[[str], list[tuple[str, str]]],
) -> None:
    """By its recognizer, in a scan, and among the findings of all recognizers."""
    assert values("IBAN_CODE", text) == [value]
    assert ("IBAN_CODE", value) in among_all(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_lookalike_is_left_alone(text: str, values: Callable[[str, str], list[str]]) -> None:
    assert values("IBAN_CODE", text) == []
