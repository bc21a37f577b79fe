"""Reads the components of an address from a text, one after the other."""

from __future__ import annotations

import re
from dataclasses import dataclass

from guardrails.pii.vietnam.address_words import (
    ABBREVIATIONS,
    AFTER_NAMES,
    FIRST_WORDS,
    KEYWORDS,
    NO_HOUSE_NUMBER_AFTER,
    NUMBER_BEFORE,
    ONLY_WITH_DIACRITICS,
    PLACES,
    Level,
    Words,
)
from guardrails.pii.vietnam.syllables import is_syllable, is_written_as
from guardrails.scanning.folding import fold

TOKEN = re.compile(r"\d+[A-Za-z]{0,2}\d?(?:[/\-]\d+[A-Za-z]{0,2}\d?)*(?!\w)|[^\W_]+")
HOUSE_NUMBER = re.compile(r"\d{1,4}[A-Za-z]{0,2}\d?(?:[/\-]\d{1,4}[A-Za-z]{0,2}\d?){0,6}")
ABBREVIATED = re.compile(r"([pq])(\d{1,2})", re.IGNORECASE)
LONGEST_NAME = 4
LONGEST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Token:
    """A word or a number; ``gap`` is what stands between it and the one before."""

    start: int
    end: int
    word: str
    folded: str
    gap: str

    @property
    def is_number(self) -> bool:
        return self.word[0].isdigit()

    @property
    def is_capitalised(self) -> bool:
        return self.word[0].isupper()

    @property
    def may_begin_address(self) -> bool:
        return self.is_number or self.folded in FIRST_WORDS or ABBREVIATED.fullmatch(self.word) is not None


@dataclass(frozen=True, slots=True)
class Component:
    """A component of an address.

    Attributes:
        level: what it names; ``None`` where that is not said.
        end: index after its last token.
        is_certain: whether words of addresses say so; else it is only one beside others.
        is_capitalised: whether its name is a number or is written in capitals.
    """

    level: Level | None
    end: int
    is_certain: bool = True
    is_capitalised: bool = True


def tokens_of(text: str) -> list[Token]:
    """The words and numbers of a text."""
    tokens: list[Token] = []
    position = 0
    for match in TOKEN.finditer(text):
        gap = text[position : match.start()]
        tokens.append(Token(match.start(), match.end(), match.group(), fold(match.group()), gap))
        position = match.end()
    return tokens


class Parser:
    """Reads components at places in a text that is divided into tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens

    def house(self, index: int) -> tuple[Component, bool] | None:
        """A house number, and whether a word such as ``số nhà`` says that it is one."""
        for length in (2, 1):
            accented = NUMBER_BEFORE.get(self._words(index, length))
            if accented and self._are_written_as(index, accented) and self._is_house_number(index + length):
                return Component(Level.HOUSE, index + length + 1), True
        if not self._is_house_number(index):
            return None
        if index and self.gap(index) == " " and self._tokens[index - 1].folded in NO_HOUSE_NUMBER_AFTER:
            return None
        return Component(Level.HOUSE, index + 1), "/" in self._tokens[index].word

    def keyword(self, index: int, *, in_lower_case: bool = False) -> Component | None:
        """A word such as ``phường`` with the name after it."""
        if index < len(self._tokens) and (short := ABBREVIATED.fullmatch(self._tokens[index].word)):
            return Component(Level.WARD if short[1] in "pP" else Level.DISTRICT, index + 1)
        found = self._keyword_at(index)
        if found is None:
            return None
        level, name = found
        if (end := self._name_end(name)) is not None:
            return Component(level, end)
        # Far (xa) is no commune (xã) where words bear diacritics.
        is_plain = self._tokens[index].word.isascii()
        if (
            in_lower_case
            and (end := self._lower_case_name_end(name)) is not None
            and not (is_plain and any(not token.word.isascii() for token in self._tokens[name:end]))
        ):
            return Component(level, end, is_capitalised=False)
        return None

    def place(self, index: int) -> Component | None:
        """The name of a province, of a large city, or of the country."""
        for length in range(LONGEST_WORDS, 0, -1):
            level, accented = PLACES.get(self._words(index, length), (None, ()))
            if level is not None and self._are_written_as(index, accented):
                named = self._tokens[index : index + length]
                return Component(level, index + length) if all(token.is_capitalised for token in named) else None
        return None

    def name(self, index: int, fewest: int) -> Component | None:
        """A name with no word for what it names, ``Nguyễn Trãi``, or an English one after it, ``Ben Nghe Ward``."""
        if index >= len(self._tokens) or self._keyword_at(index) or self.place(index):
            return None
        end = self._capitalised_end(index)
        if end - index > 1 and (level := AFTER_NAMES.get(self._tokens[end - 1].folded)) is not None:
            names = self._tokens[index : end - 1]
            certain = len(names) > 1 and all(is_syllable(token.folded) for token in names)
            return Component(level, end) if certain else None
        names = [token for token in self._tokens[index:end] if not token.is_number]
        if end - index < fewest or not all(is_syllable(token.folded) for token in names):
            return None
        return Component(None, end, is_certain=False)

    def gap(self, index: int) -> str:
        """What stands before a token."""
        return self._tokens[index].gap

    def _words(self, index: int, length: int) -> Words:
        tokens = self._tokens[index : index + length]
        if len(tokens) < length or any(token.gap != " " for token in tokens[1:]):
            return ()
        return tuple(token.folded for token in tokens)

    def _are_written_as(self, index: int, accented: Words) -> bool:
        tokens = self._tokens[index : index + len(accented)]
        return all(is_written_as(token.word, word) for token, word in zip(tokens, accented, strict=True))

    def _keyword_at(self, index: int) -> tuple[Level, int] | None:
        """What the name after a keyword names, and where that begins."""
        for length in (3, 2, 1):
            level, accented = KEYWORDS.get(self._words(index, length), (None, ()))
            if level is None or not self._are_written_as(index, accented):
                continue
            name = index + length
            if name >= len(self._tokens) or self._tokens[name].gap not in {" ", ".", ". ", ": ", ":"}:
                return None
            if accented[0] in ABBREVIATIONS and not (
                self._tokens[name].gap.startswith(".") or self._tokens[name].is_number
            ):
                return None
            plain = self._tokens[index].word.isascii()
            if plain and accented[-1] in ONLY_WITH_DIACRITICS and not self._tokens[name].is_number:
                return None
            return level, name
        return None

    def _is_house_number(self, index: int) -> bool:
        return index < len(self._tokens) and HOUSE_NUMBER.fullmatch(self._tokens[index].word) is not None

    def _name_end(self, index: int) -> int | None:
        token = self._tokens[index]
        following = self._tokens[index + 1] if index + 1 < len(self._tokens) else None
        if token.folded == "so" and following is not None and following.is_number:
            return index + 2
        if token.is_number:
            if following is not None and following.folded == "thang" and index + 2 < len(self._tokens):
                return index + 3
            return index + 1
        end = self._capitalised_end(index)
        return end if end > index else None

    def _capitalised_end(self, index: int) -> int:
        """The end of up to four capitalised words, the first of which may be one that also names a component."""
        end = index
        while end < min(len(self._tokens), index + LONGEST_NAME + 1):
            token = self._tokens[end]
            after_month = end > index and self._tokens[end - 1].folded == "thang" and token.is_number
            if end > index and token.gap != " ":
                break
            if not (token.is_capitalised or after_month) or (end > index and self._begins_component(end)):
                break
            if end == index + LONGEST_NAME and token.folded not in AFTER_NAMES:
                break
            end += 1
        return end

    def _begins_component(self, index: int) -> bool:
        found = self._keyword_at(index)
        if found is None:
            return ABBREVIATED.fullmatch(self._tokens[index].word) is not None
        name = self._tokens[found[1]]
        return name.is_capitalised or name.is_number

    def _lower_case_name_end(self, index: int) -> int | None:
        end = index
        while end < len(self._tokens) and (end == index or self._tokens[end].gap == " "):
            if (end > index and self._keyword_at(end)) or not is_syllable(self._tokens[end].folded):
                break
            end += 1
            if end - index > LONGEST_NAME:
                return None
        return end if end > index else None
