"""A tenant's own words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from guardrails.scanning.folding import fold, plain
from guardrails.scanning.inflection import inflected
from guardrails.scanning.phrase_recognizer import FirstWords, PhraseRecognizer
from guardrails.scanning.phrases import LONGEST_WORD, SEPARATOR, Phrase
from guardrails.scanning.words import any_of

CUSTOM = "CONTENT_CUSTOM"
CUSTOM_SCORE = 0.95
PART = re.compile(r"\w+")


def own_words_recognizer(words: Iterable[str]) -> PhraseRecognizer:
    """A recognizer of words and phrases that are looked for as ``CONTENT_CUSTOM``.

    They are found in any case. English words are found in every inflection, each word of a phrase by itself. Words
    with diacritics are found with them; a phrase of several such words is also found where a text has none at all,
    which a single word is not, because it would be another word. Signs between the words do not matter, and what is
    beyond the first 30 characters of a first word does not either.

    Raises:
        ValueError: one of them holds no letter or digit.
    """
    found: list[Phrase] = []
    for word in words:
        spellings = {plain(word).lower()}
        if len(PART.findall(word)) > 1:
            spellings |= {fold(spelling) for spelling in spellings}
        found += [_phrase(spelling) for spelling in sorted(spellings)]
    return PhraseRecognizer(CUSTOM, found, FirstWords([found], "text"))


def _phrase(spelling: str) -> Phrase:
    parts = PART.findall(spelling)
    if not parts:
        raise ValueError(f"there is no word to look for in {spelling!r}")
    first, *others = parts
    after = "".join(SEPARATOR + any_of(sorted(_forms(other))) for other in others)
    return Phrase(_forms(first), CUSTOM_SCORE, None, re.compile(rf"{after}\b", re.IGNORECASE) if others else None)


def _forms(part: str) -> frozenset[str]:
    if not (part.isascii() and part.isalpha()):
        return frozenset({part})
    return frozenset(form for form in inflected(part) if len(form) <= LONGEST_WORD) or frozenset({part})
