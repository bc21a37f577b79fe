"""Vietnamese addresses, known by their words: house number, street, ward, district, province."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from guardrails.pii.vietnam.address_parser import Component, Parser, Token, tokens_of
from guardrails.pii.vietnam.address_words import AFTER_NAMES, BEFORE_NAMES, ONLY_WITH_DIACRITICS, PLACES, Level
from guardrails.scanning.clues import Clues, clues_of_words
from guardrails.scanning.finding import Finding
from guardrails.scanning.folding import fold
from guardrails.scanning.recognizer import Reading
from guardrails.scanning.scan import WINDOW
from guardrails.scanning.words import any_of

GAP = re.compile(r"\s{0,2}[,;|(\-]?\s{0,2}\)?,? ?")
# What may be more components, the last of them cut off, at the end of a window. A value that reaches the end of a
# window is looked at again from its own beginning.
CUT_OFF = re.compile(r"(?:,\s*[\w.]+(?: [\w.]+){0,3}){0,3},?\s*")
FEWEST = 2
MANY = 3
DETAILS = {Level.HOUSE, Level.BUILDING, Level.ALLEY}

# With diacritics, where they are everyday words without.
BEGINNINGS = ("tổ", "bản", "lô", "đội", "lầu", "tầng", "tòa", "toà", "buôn")
BEGINNINGS_EITHER_WAY = (
    "số", "nhà", "căn", "chung", "ngõ", "ngách", "hẻm", "kiệt", "đường", "phố", "đại", "quốc", "tỉnh", "thôn", "xóm",
    "ấp",
    "khu", "khóm", "tdp", "kp", "kđt", "kdc", "phường", "xã", "thị", "ward", "quận", "huyện", "district", "thành", "tp",
)  # fmt: skip


def _hint(*, in_ascii: bool) -> re.Pattern[str]:
    words = {fold(word) for words in BEFORE_NAMES.values() for word in words if len(word) > 1}
    everyday = set(map(fold, ONLY_WITH_DIACRITICS)) if in_ascii else set()
    return re.compile(
        rf"(?<![a-z])(?:[pqxh] ?\.|[pq]\d|(?:{any_of(words - everyday)}|{any_of(AFTER_NAMES)}"
        rf"|{any_of({' '.join(words) for words in PLACES})})(?![a-z])"
        rf"{rf'|{any_of(everyday)}[ .:]{{1,2}}[0-9]' if everyday else ''})"
    )


HINT = _hint(in_ascii=False)
# Without diacritics some of them are everyday words of English.
HINT_IN_ASCII = _hint(in_ascii=True)


def _forms(words: Iterable[str]) -> Iterator[str]:
    for word in words:
        yield from (word, word.capitalize(), word.upper())


def _trigger() -> tuple[str, Clues]:
    words = [*BEGINNINGS, *BEGINNINGS_EITHER_WAY, *map(fold, BEGINNINGS_EITHER_WAY)]
    # A province's first syllable keeps a window open until all of the address is in it.
    places = [syllable for words_ in PLACES.values() for syllable in (words_[1][0], fold(words_[1][0]))]
    capitalised = [form for place in places for form in (place.capitalize(), place.upper())]
    forms = [*_forms(words), *capitalised]
    return rf"\b(?:{any_of(forms)})\b|\b[PpQqXxHh]\.", Clues(clues_of_words(forms).words | frozenset("pqxh"))


@dataclass(frozen=True, slots=True)
class _Address:
    """Components that stand side by side."""

    first: int
    components: list[Component]

    @property
    def end(self) -> int:
        return self.components[-1].end

    def score(self) -> float:
        """How sure it is an address: 0 with fewer than two components, little where it names no more than a town."""
        levels = {part.level for part in self.components if part.is_certain and part.level is not None}
        levels.discard(Level.COUNTRY)
        if len(levels) < FEWEST:
            return 0
        if Level.HOUSE in levels:
            return self._score_of_house(levels)
        return 0.5 if min(levels) <= Level.STREET else 0.45 if min(levels) <= Level.WARD else 0.3

    def _score_of_house(self, levels: set[Level]) -> float:
        if not all(part.is_capitalised for part in self.components):
            return 0.5 if len(levels) >= MANY else 0
        # Number 1 of a city is no house.
        if all(part.is_certain for part in self.components) and min(levels - {Level.HOUSE}) > Level.WARD:
            return 0
        return 0.85 if len(levels) >= MANY else 0.65


class AddressRecognizer:
    """Addresses of at least two components beside each other that begin with a word.

    The value goes from the first of them to the last, with whatever names stand between. Names are capitalised or
    numbers; where they are in lower case, a house number and three components are needed.
    """

    entity = "VN_ADDRESS"
    reads: Reading = "text"
    trigger, clues = _trigger()

    def find(self, text: str, start: int, end: int) -> Iterable[Finding]:
        return _addresses(text, start, end)


class NumberFirstAddressRecognizer:
    """Addresses that begin with a number. Both find all addresses of a window."""

    entity = "VN_ADDRESS"
    reads: Reading = "text"
    trigger = r"\d"

    def find(self, text: str, start: int, end: int) -> Iterable[Finding]:
        return _addresses(text, start, end)


# Both recognizers ask about the same window one after the other.
@lru_cache(maxsize=1)
def _addresses(text: str, start: int, end: int) -> tuple[Finding, ...]:
    return tuple(_found(text[:end], start))


def _found(text: str, start: int) -> Iterator[Finding]:
    end = len(text)
    if (HINT_IN_ASCII if text.isascii() else HINT).search(fold(text), start) is None:
        return
    tokens = tokens_of(text)
    index = next((i for i, token in enumerate(tokens) if token.start >= start), len(tokens))
    while index < len(tokens):
        address = _address_at(tokens, index) if tokens[index].may_begin_address else None
        score = address.score() if address else 0
        if address is None or not score:
            index += 1
            continue
        begin, finish = tokens[index].start, tokens[address.end - 1].end
        if start < begin and end - start == WINDOW and CUT_OFF.fullmatch(text, finish):
            finish = end
        yield Finding("VN_ADDRESS", begin, finish, score)
        index = address.end


def _address_at(tokens: list[Token], index: int) -> _Address | None:
    parser = Parser(tokens)
    components: list[Component] = []
    position = index
    while position < len(tokens) and (not components or GAP.fullmatch(tokens[position].gap)):
        new = _with_house(parser, position) or _other(parser, position, components, tokens[position].gap)
        if not new:
            break
        components += new
        position = new[-1].end
    while components and components[-1].level is None and not _is_expected(components):
        components.pop()
    return _Address(index, components) if components else None


def _other(parser: Parser, index: int, before: list[Component], gap: str) -> list[Component]:
    """A component that is no house."""
    has_house = any(part.level is Level.HOUSE for part in before)
    component = parser.keyword(index, in_lower_case=has_house and "," in gap)
    if component is None and before:
        component = parser.place(index)
        in_an_alley = before[-1].level is Level.ALLEY and gap == " "
        if component is None and (in_an_alley or ("," in gap and before[0].level in DETAILS)):
            component = parser.name(index, fewest=2 if in_an_alley else 1)
    return [component] if component else []


def _is_expected(components: list[Component]) -> bool:
    """Whether the last of them stands where a street's name does, after a number, or a district's, after a ward."""
    return len(components) > 1 and components[-2].level in {Level.HOUSE, Level.ALLEY, Level.WARD}


def _with_house(parser: Parser, index: int) -> list[Component]:
    """A house number with the street after it, or any component after one that is called so."""
    found = parser.house(index)
    if found is None:
        return []
    house, is_called_so = found
    after = parser.keyword(house.end, in_lower_case=is_called_so) or parser.name(house.end, 1 if is_called_so else 2)
    is_street = after is not None and after.level in {None, Level.ALLEY, Level.STREET} and parser.gap(house.end) == " "
    if after is not None and (is_called_so or is_street) and GAP.fullmatch(parser.gap(house.end)):
        return [house, after]
    # In a list of components a number says its own: đường Lê Lợi, số 12.
    return [house] if is_called_so else []
