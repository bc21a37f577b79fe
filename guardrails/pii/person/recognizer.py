"""Names of people, by the words before them and by lists of names.

Precision comes before recall: a capitalised word that nothing says is a name is left alone. A model that reads whole
sentences finds more; an operator can add one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from guardrails.pii.person import cues
from guardrails.pii.person.english_names import AMBIGUOUS_GIVEN_NAMES, GIVEN_NAMES, SURNAMES
from guardrails.pii.person.no_names import AFTER, BEFORE, NO_NAMES, PLACES, VIETNAMESE_NO_NAMES
from guardrails.pii.person.vietnamese_names import (
    FAMILY_NAMES,
    FAMILY_NAMES_EITHER_WAY,
    NOT_ALONE,
    SYLLABLES,
    SYLLABLES_EITHER_WAY,
)
from guardrails.pii.vietnam.syllables import is_syllable
from guardrails.scanning.finding import Finding
from guardrails.scanning.folding import fold
from guardrails.scanning.recognizer import Reading
from guardrails.scanning.words import any_of

LETTERS = [chr(code) for code in (*range(0x41, 0x250), *range(0x1E00, 0x1F00)) if chr(code).isalpha()]
UPPER = "".join(letter for letter in LETTERS if letter.isupper())
LOWER = "".join(letter for letter in LETTERS if letter.islower())
WORD = re.compile(
    rf"(?<![\w@/.])(?:[{UPPER}]\.(?= [{UPPER}])"
    rf"|[{UPPER}][{UPPER}{LOWER}]*(?:['\u2019\-](?![sS](?!\w))[{UPPER}{LOWER}]+)*(?![\w@]))"
)
SURNAME_LIKE = re.compile(
    r"(?:O['\u2019]|Mc|Mac|Fitz)[A-Z][a-z]{2,}|[A-Z][a-z]+(?:son|sen|ez|ski|sky|ova|berg|stein|wicz|enko)"
)
SENTENCE_END = re.compile(r"(?:^|[.!?:;\n\"\u201c(\-*>])\s*$")
NEXT = re.compile(r" (?:& ?)?(\w+)| ?(&)|'s (\w+)")
LAST_WORD = re.compile(r"(\w+)\.? $")
FIRST_WORDS = GIVEN_NAMES | AMBIGUOUS_GIVEN_NAMES | FAMILY_NAMES_EITHER_WAY
MOST_ENGLISH, MOST_VIETNAMESE = 4, 5
FULL_VIETNAMESE = 3


@dataclass(frozen=True, slots=True)
class _Word:
    start: int
    end: int
    text: str

    @property
    def is_initial(self) -> bool:
        return self.text.endswith(".") or len(self.text) == 1

    @property
    def capitalised(self) -> str:
        """As lists of names have it, also where all of it is in capitals."""
        return self.text.capitalize() if self.text.isupper() and len(self.text) > 1 else self.text

    @property
    def can_be_name(self) -> bool:
        lower = self.text.lower()
        return lower not in NO_NAMES and lower not in VIETNAMESE_NO_NAMES


def _runs(text: str, start: int) -> Iterator[list[_Word]]:
    """Capitalised words with one space between them."""
    run: list[_Word] = []
    for match in WORD.finditer(text, start):
        if run and text[run[-1].end : match.start()] != " ":
            yield run
            run = []
        run.append(_Word(match.start(), match.end(), match.group()))
    if run:
        yield run


def _is_given(word: _Word) -> bool:
    return word.capitalised in GIVEN_NAMES


def _is_surname(word: _Word) -> bool:
    parts = word.capitalised.replace("\u2019", "'").split("-")
    return word.text in SURNAMES or any(part in SURNAMES or SURNAME_LIKE.fullmatch(part) for part in parts)


def _english(words: list[_Word], *, may_be_ambiguous: bool) -> int:
    """How many of the words are a given name and a surname that are both listed, with what stands between them."""
    if not (_is_given(words[0]) or (may_be_ambiguous and words[0].text in AMBIGUOUS_GIVEN_NAMES)):
        return 0
    length = 0
    for index, word in enumerate(words[1:MOST_ENGLISH], 1):
        if _is_surname(word):
            length = index + 1
        elif not (word.is_initial or _is_given(word)):
            break
    return length


def _vietnamese(words: list[_Word], fewest: int) -> int:
    """How many of the words are a Vietnamese family name with syllables of names."""
    if words[0].capitalised not in FAMILY_NAMES_EITHER_WAY:
        return 0
    with_diacritics = any(not word.text.isascii() for word in words[:MOST_VIETNAMESE])
    # Hà is a family name; Ha is it only where the other words are without diacritics too.
    known = FAMILY_NAMES if with_diacritics else FAMILY_NAMES_EITHER_WAY
    if words[0].capitalised not in known:
        return 0
    length = 1
    while length < min(len(words), MOST_VIETNAMESE) and is_syllable(fold(words[length].text)):
        length += 1
    if length < fewest or fold(" ".join(word.text for word in words[:2])) in PLACES:
        return 0
    return 0 if fold(" ".join(word.text for word in words[:length])) in PLACES else length


def _leading(words: list[_Word], most: int) -> int:
    """How many words from the first could be a name."""
    length = 0
    while length < min(len(words), most) and (words[length].can_be_name or words[length].is_initial):
        length += 1
    return length


class PersonRecognizer:
    """Names in English and Vietnamese; a value is without the title before it."""

    entity = "PERSON"
    reads: Reading = "text"
    trigger = rf"\b(?:{any_of([*cues.TOKENS, *FIRST_WORDS, *map(str.upper, FIRST_WORDS)])})\b"
    SCORES: ClassVar[dict[cues.Kind | None, float]] = {
        "stated": 0.85, "label": 0.8, "title": 0.8, "salutation": 0.75, "signature": 0.75, "address": 0.75,
        "self": 0.75, "role": 0.7, None: 0.6,
    }  # fmt: skip

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        text = text[:end]
        yield from self._in_lower_case(text, start)
        for run in _runs(text, start):
            index = 0
            while index < len(run):
                inside = index > 0 and fold(run[index - 1].text) not in cues.LAST_WORDS
                kind = None if inside else cues.before(text, run[index].start)
                length = self._length(text, run[index:], kind)
                if length:
                    last = run[index + length - 1]
                    yield Finding(self.entity, run[index].start, last.end, self.SCORES[kind])
                index += max(1, length)

    def _in_lower_case(self, text: str, start: int) -> Iterator[Finding]:
        """Names after ``my name is`` as people write in a chat; only those that are listed."""
        for match in cues.LOWER_CASE.finditer(text):
            words = [
                _Word(match.start(1) + word.start(), match.start(1) + word.end(), word.group().capitalize())
                for word in re.finditer(r"\S+", match[1])
            ]
            syllables = next((i for i, w in enumerate(words) if w.text not in SYLLABLES_EITHER_WAY), len(words))
            length = (_vietnamese(words[:syllables], 2) if syllables else 0) or _english(words, may_be_ambiguous=True)
            if not length and _is_given(words[0]):
                length = 1
            if length and words[0].start >= start:
                yield Finding(self.entity, words[0].start, words[length - 1].end, self.SCORES["stated"])

    def _length(self, text: str, words: list[_Word], kind: cues.Kind | None) -> int:
        """How many of the words are a name."""
        if not words[0].can_be_name and words[0].capitalised not in FAMILY_NAMES_EITHER_WAY:
            return 0
        if kind is None:
            return self._without_cue(text, words)
        if kind in {"stated", "title"}:
            return _vietnamese(words, 2) or _leading(words, MOST_ENGLISH)
        return self._beside_cue(text, words, kind)

    def _beside_cue(self, text: str, words: list[_Word], kind: cues.Kind) -> int:
        """A name after words that something else may follow as well."""
        length = _vietnamese(words, 2) or _english(words, may_be_ambiguous=True)
        if length:
            return length if kind in {"salutation", "signature"} or not _is_place(text, words, length) else 0
        if kind == "address" or text.endswith(("em là ", "mình là ", "cháu là "), 0, words[0].start):
            return _vietnamese_given(words)
        leading = _leading(words, MOST_ENGLISH - 1)
        if kind == "signature":
            return self._signed(text, words, leading)
        is_known = _is_given(words[0]) and leading == len(words)
        return leading if is_known and not _is_place(text, words, leading) else 0

    @staticmethod
    def _signed(text: str, words: list[_Word], leading: int) -> int:
        """A name that is all of its line."""
        if leading != len(words) or not re.match(r"[ .]?(?:\n|$)", text[words[-1].end :]):
            return 0
        known = words[0].text in GIVEN_NAMES | AMBIGUOUS_GIVEN_NAMES or words[0].text in SYLLABLES
        return leading if known else 0

    @staticmethod
    def _without_cue(text: str, words: list[_Word]) -> int:
        before = text[max(0, words[0].start - cues.REACH) : words[0].start]
        if before.endswith("& ") or _is_part_of_a_place(LAST_WORD.search(before)):
            return 0
        length = _english(words, may_be_ambiguous=not SENTENCE_END.search(before))
        if not length:
            length = _vietnamese(words, FULL_VIETNAMESE)
            if not all(word.capitalised in SYLLABLES_EITHER_WAY for word in words[:length]):
                return 0
        return 0 if length and _is_place(text, words, length) else length


def _is_part_of_a_place(last: re.Match[str] | None) -> bool:
    """Whether the word before a name makes it that of a place, a house or anything longer."""
    if last is None:
        return False
    word = last[1]
    return fold(word) in BEFORE or word[-1].isdigit() or (word[0].isupper() and word.lower() not in NO_NAMES)


def _vietnamese_given(words: list[_Word]) -> int:
    """One or two syllables after a form of address: ``chị Lan Anh``."""
    if len(words) > 2 or not all(word.capitalised in SYLLABLES for word in words):  # noqa: PLR2004
        return 0
    if len(words) == 1 and words[0].capitalised in NOT_ALONE:
        return 0
    return 0 if fold(" ".join(word.text for word in words)) in PLACES else len(words)


def _is_place(text: str, words: list[_Word], length: int) -> bool:
    """Whether what follows a name makes it that of a place or a company."""
    if length == 0:
        return False
    following = NEXT.match(text, words[length - 1].end)
    if following is None:
        return False
    word = following[1] or following[3] or "and"
    return following[0].strip().startswith("&") or (word.lower() in AFTER and word[0].isupper())
