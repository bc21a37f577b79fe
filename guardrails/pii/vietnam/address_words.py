"""The words of which Vietnamese addresses are made."""

from __future__ import annotations

from enum import IntEnum

from guardrails.pii.vietnam.provinces import CITIES, OTHER_NAMES, PROVINCE_CODES
from guardrails.scanning.folding import fold


class Level(IntEnum):
    """What a component of an address names, from the smallest."""

    HOUSE = 0
    BUILDING = 1
    ALLEY = 2
    STREET = 3
    HAMLET = 4
    WARD = 5
    DISTRICT = 6
    CITY = 7
    PROVINCE = 8
    COUNTRY = 9


BEFORE_NAMES: dict[Level, tuple[str, ...]] = {
    Level.BUILDING: ("căn hộ", "chung cư", "tòa nhà", "toà nhà", "tòa", "toà", "tầng", "lầu", "block", "lô", "kiot"),
    Level.ALLEY: ("ngõ", "ngách", "hẻm", "kiệt"),
    Level.STREET: ("đường", "phố", "đại lộ", "quốc lộ", "tỉnh lộ"),
    Level.HAMLET: (
        "tổ dân phố", "tổ", "thôn", "xóm", "ấp", "khu phố", "khu đô thị", "khu dân cư", "khu tập thể", "khóm", "bản",
        "buôn", "tdp", "kp", "kđt", "kdt", "kdc", "đội",
    ),
    Level.WARD: ("phường", "xã", "thị trấn", "ward", "p", "x", "tt"),
    Level.DISTRICT: ("quận", "huyện", "thị xã", "district", "q", "h", "tx"),
    Level.CITY: ("thành phố", "tp"),
    Level.PROVINCE: ("tỉnh",),
}  # fmt: skip
"""What stands before the name of a component."""

AFTER_NAMES: dict[str, Level] = {
    "street": Level.STREET, "str": Level.STREET, "st": Level.STREET, "road": Level.STREET, "rd": Level.STREET,
    "avenue": Level.STREET, "boulevard": Level.STREET, "ward": Level.WARD, "commune": Level.WARD,
    "district": Level.DISTRICT, "dist": Level.DISTRICT, "city": Level.CITY, "province": Level.PROVINCE,
}  # fmt: skip
"""What stands after it in English."""

ABBREVIATIONS = frozenset({"p", "q", "x", "h", "tt", "tx"})
"""Words for components that are only meant as such with a full stop, or before a number."""

# Without their diacritics these are everyday words, also of English: to, so, ban.
ONLY_WITH_DIACRITICS = frozenset({"tổ", "bản", "lô", "đội", "lầu", "tầng", "buôn", "tòa", "toà"})

NUMBER_BEFORE = {("so", "nha"): ("số", "nhà"), ("nha", "so"): ("nhà", "số"), ("so",): ("số",), ("nha",): ("nhà",)}
"""What stands before a house number, folded and in full."""

NO_HOUSE_NUMBER_AFTER = frozenset({
    "ngay", "thang", "nam", "luc", "gio", "khoang", "tuoi", "hon", "mung", "ky", "chuong", "buoc", "bai",
    "phan", "cau", "muc", "dieu", "khoan", "lop", "hang", "tap", "quyen", "trang", "top", "co", "sinh", "in", "chapter",
})  # fmt: skip
"""Words after which a number is a date, an amount or a place in an order."""

Words = tuple[str, ...]


def _keywords() -> dict[Words, tuple[Level, Words]]:
    return {
        tuple(fold(word).split()): (level, tuple(word.split()))
        for level, words in BEFORE_NAMES.items()
        for word in words
    }


def _places() -> dict[Words, tuple[Level, Words]]:
    names = [*((Level.CITY, name) for name in CITIES), *((Level.PROVINCE, name) for name in OTHER_NAMES)]
    names += [(Level.PROVINCE, name) for name in PROVINCE_CODES.values()]
    names += [(Level.COUNTRY, name) for name in ("Việt Nam", "Vietnam", "VN")]
    return {tuple(fold(name).split()): (level, tuple(name.lower().split())) for level, name in names}


KEYWORDS = _keywords()
"""Level and words in full, by the words folded."""

FIRST_WORDS = frozenset(words[0] for words in (*KEYWORDS, *NUMBER_BEFORE))
"""What an address that does not begin with a number begins with, folded."""

PLACES = _places()
"""Likewise the names of provinces, large cities and the country, which need no word before them."""
