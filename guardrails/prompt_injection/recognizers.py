"""The recognizers of prompt injection."""

from __future__ import annotations

from functools import cache

from guardrails.prompt_injection import english, vietnamese
from guardrails.prompt_injection.markup import CHAT_MARKUP, IMAGE_LEAK, SPELLED_OUT
from guardrails.scanning.phrase_recognizer import FirstWords, PhraseRecognizer
from guardrails.scanning.phrases import read_lists
from guardrails.scanning.recognizer import Recognizer

# Who quotes an attack to speak about it is no attacker, though an attacker may pretend to: less than half of the score.
SOFTENING = 0.45


@cache
def prompt_injection_recognizers() -> tuple[Recognizer, ...]:
    """All recognizers of prompt injection, for what users write and for what tools and documents say.

    One finding proves little: :func:`~guardrails.prompt_injection.risk.risk` says what those of a text make together,
    so a plan should keep all of them, from .3 on.
    """
    in_english = read_lists(english.PHRASES, english.SETS)
    in_vietnamese = read_lists(vietnamese.PHRASES, vietnamese.SETS, "text")
    first_words, spelled = FirstWords(in_english.values()), FirstWords(in_vietnamese.values(), "text")
    return (
        *(
            PhraseRecognizer(entity, found, first_words, softened_by=english.SOFTENED_BY, softening=SOFTENING)
            for entity, found in in_english.items()
        ),
        *(
            PhraseRecognizer(entity, found, spelled, softened_by=vietnamese.SOFTENED_BY, softening=SOFTENING)
            for entity, found in in_vietnamese.items()
        ),
        CHAT_MARKUP,
        IMAGE_LEAK,
        SPELLED_OUT,
    )
