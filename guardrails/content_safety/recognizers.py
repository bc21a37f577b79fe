"""The recognizers of content safety, and those of a tenant's own words."""

from __future__ import annotations

from functools import cache

from guardrails.content_safety import english, vietnamese
from guardrails.content_safety.disguised import Disguise, DisguisedWords
from guardrails.content_safety.own_words import own_words_recognizer
from guardrails.scanning.phrase_recognizer import FirstWords, PhraseRecognizer
from guardrails.scanning.phrases import read_lists
from guardrails.scanning.recognizer import Recognizer


def content_safety_recognizers(words: tuple[str, ...] = ()) -> tuple[Recognizer, ...]:
    """All recognizers of content safety.

    Args:
        words: a tenant's own words and phrases, which become ``CONTENT_CUSTOM``; see
            :func:`~guardrails.content_safety.own_words.own_words_recognizer`.
    """
    return (*_built_in(), *((own_words_recognizer(words),) if words else ()))


@cache
def _built_in() -> tuple[Recognizer, ...]:
    # Recognizers that share a trigger are gated by it once.
    in_english = read_lists(english.PHRASES, english.SETS)
    disguisable = [word for words in english.DISGUISABLE.values() for word in words]
    first_words = FirstWords(in_english.values())
    disguise = Disguise(disguisable)
    in_vietnamese = read_lists(vietnamese.PHRASES, vietnamese.SETS, "text")
    spelled = FirstWords(in_vietnamese.values(), "text")
    return (
        *(
            PhraseRecognizer(entity, found, first_words, softened_by=english.SOFTENED_BY.get(entity))
            for entity, found in in_english.items()
        ),
        *(DisguisedWords(entity, words, disguise) for entity, words in english.DISGUISABLE.items()),
        *(
            PhraseRecognizer(entity, found, spelled, softened_by=vietnamese.SOFTENED_BY.get(entity))
            for entity, found in in_vietnamese.items()
        ),
    )
