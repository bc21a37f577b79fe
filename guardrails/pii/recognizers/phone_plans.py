"""Numbering plans, from the metadata that ``phonenumbers`` carries (Google's libphonenumber).

Its own parser and matcher are not used: they take four fifths of the time of a whole analysis by Presidio.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

# National numbers of these are known without a country code, by what is dialled before them; a second alternative, the
# country code without "+", and an empty one where people leave it out.
NATIONAL = {
    "US": "1?", "CA": "1?", "GB": "0|44", "DE": "0|49", "FR": "0|33", "IN": "0|91|", "BR": "0|55|", "IL": "0|972",
    "VN": "0|84", "AU": "0|61|", "ES": "34|", "IT": "39|", "NL": "0|31", "JP": "0|81",
}  # fmt: skip
WITH_TRUNK_ZERO = ("GB", "DE", "FR", "IN", "IL", "VN", "AU", "NL", "JP")
LANDLINE_AND_MOBILE = ("fixed_line", "mobile")
KINDS = (*LANDLINE_AND_MOBILE, "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "uan", "pager")
LONGEST = 15  # digits, by ITU-T E.164
LONGEST_COUNTRY_CODE = 3


def _numbers(metadata: PhoneMetadata | None, kinds: tuple[str, ...]) -> str:
    described = (getattr(metadata, kind, None) for kind in kinds)
    return "|".join(kind.national_number_pattern for kind in described if kind and kind.national_number_pattern)


def plan(prefixes: dict[str, str], kinds: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern of whole national numbers of these regions, each after its prefix."""
    regions = (
        f"(?:{prefix})(?:{_numbers(PhoneMetadata.metadata_for_region(region), kinds)})"
        for region, prefix in prefixes.items()
    )
    return re.compile("|".join(regions), re.ASCII)


@cache
def _country(code: int) -> tuple[re.Pattern[str], frozenset[int]] | None:
    """What numbers a country code has, and how long they are; ``None`` where there is no such code."""
    metadata = [
        PhoneMetadata.metadata_for_region_or_calling_code(code, region)
        for region in COUNTRY_CODE_TO_REGION_CODE.get(code, ())
    ]
    if not metadata:
        return None
    patterns = [numbers for each in metadata if (numbers := _numbers(each, KINDS))]
    lengths = frozenset(n for each in metadata if each and each.general_desc for n in each.general_desc.possible_length)
    return re.compile("|".join(patterns), re.ASCII), lengths


SHORTEST_POSSIBLE = 9  # digits with the country code; plans of some countries allow four


def international(digits: str) -> Literal["valid", "possible"] | None:
    """Whether digits after ``+`` are a number of a plan, or are as many as the country's numbers have."""
    if len(digits) > LONGEST + 1 or digits[0] == "0":
        return None
    for length in range(1, LONGEST_COUNTRY_CODE + 1):
        country = _country(int(digits[:length]))
        if country:
            return _in_country(digits[length:], length, *country)
    return None


def _in_country(
    national: str, code_length: int, numbers: re.Pattern[str], lengths: frozenset[int]
) -> Literal["valid", "possible"] | None:
    # As in "+44 (0)20 7946 0958".
    for candidate in (national, national[1:]) if national[:1] == "0" else (national,):
        if numbers.fullmatch(candidate):
            return "valid"
        if len(candidate) in lengths and len(candidate) + code_length >= SHORTEST_POSSIBLE:
            return "possible"
    return None
