"""One of Presidio's predefined recognizers as a recognizer of ours.

Its patterns, checks and context words are Presidio's. What differs, and why:

- Presidio gives a value that passes ``validate_result`` the score 1. For some that is no check digit but only the
  shape of the value once more (any ten digits that begin with 4 would be a certain South African VAT number); these
  keep the score of their pattern. Where there is one, the score is 1 only with a context word.
- A value that is cut out of a longer number is none. Some patterns lack that boundary, and would find check digits
  that fit by chance in every long number.
- Short context words (``id``, ``tin``) count as whole words only, and some that stand in any text (``us``) not at all.
- A pattern that takes too long raises ``TimeoutError``; Presidio writes a warning and finds nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import regex

from guardrails.pii.presidio import presidio_recognizer
from guardrails.scanning.context_words import ContextWords
from guardrails.scanning.finding import Finding
from guardrails.scanning.recognizer import Reading

DIGIT = r"\d"
BUDGET = 0.5
"""Seconds of the process that one pattern may take in one window. The slowest takes 0.0002, but what other threads do
meanwhile counts, and so does a collection of garbage, which takes a tenth of a second in a large process."""
LONGEST_WHOLE_WORD = 4
PROVEN = 0.95
"""Score of what passes its check without a context word; German passports and identity cards have the same check."""
BEFORE_IN_NUMBER = re.compile(r"\d\.?\Z")


@dataclass(frozen=True, slots=True)
class Predefined:
    r"""A recognizer of Presidio's, and what we know about it.

    Attributes:
        class_name: of Presidio's class.
        module: where it stands below Presidio's ``predefined_recognizers.country_specific``.
        gate: a regular expression that matches somewhere in each of its values, and hardly ever in prose.
        trigger: see :class:`~guardrails.scanning.recognizer.Recognizer`. A value whose first token has no digit needs
            another one than ``\d``.
        has_proof: whether a value that passes its check is surely one, as with a check digit.
        rewritten: patterns in place of Presidio's, by Presidio's name for them.
        ignored_context: context words that would count in any text.
    """

    class_name: str
    module: str
    gate: str = r"\d{4}"
    trigger: str = DIGIT
    has_proof: bool = True
    rewritten: tuple[tuple[str, str], ...] = ()
    ignored_context: frozenset[str] = frozenset()


class PresidioRecognizer:
    """Finds what one of Presidio's predefined pattern recognizers finds.

    Raises:
        ImportError: Presidio is not installed, or is a version without it.
    """

    reads: Reading = "text"

    def __init__(self, predefined: Predefined) -> None:
        presidio = presidio_recognizer(predefined.class_name, f"country_specific.{predefined.module}")()
        rewritten = dict(predefined.rewritten)
        patterns = [(rewritten.get(pattern.name, pattern.regex), pattern.score) for pattern in presidio.patterns]
        self.entity: str = presidio.supported_entities[0]
        self.trigger = predefined.trigger
        self.version = repr((predefined, patterns, presidio.context))
        self._presidio: Any = presidio
        self._has_proof = predefined.has_proof
        self._gate = re.compile(predefined.gate)
        self._patterns = [(regex.compile(each, presidio.global_regex_flags), score) for each, score in patterns]
        words = [word for word in presidio.context if word not in predefined.ignored_context]
        self._context = ContextWords(words, whole_up_to=LONGEST_WHOLE_WORD)

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        """The values in ``text[start:end]``.

        Raises:
            TimeoutError: a pattern took longer than ``BUDGET``.
        """
        if not self._gate.search(text, start, end):
            return
        for pattern, score in self._patterns:
            for match in pattern.finditer(text, start, end, timeout=BUDGET):
                finding = self._checked(text, match.start(), match.end(), score)
                if finding:
                    yield finding

    def _checked(self, text: str, begin: int, end: int, score: float) -> Finding | None:
        value = text[begin:end].rstrip()
        end = begin + len(value)
        if not value or _is_cut_out_of_a_number(text, begin, end):
            return None
        # Patterns that ignore case match a few letters outside ASCII, as the Kelvin sign, which checks cannot read.
        value = unicodedata.normalize("NFKC", value)
        is_valid = self._presidio.validate_result(value)
        if is_valid is False or self._presidio.invalidate_result(value):
            return None
        if is_valid and self._has_proof:
            score = 1.0 if self._context.precede(text, begin) else PROVEN
            return Finding(self.entity, begin, end, score, validated=True)
        return Finding(self.entity, begin, end, self._context.lift(score, text, begin))


def _is_cut_out_of_a_number(text: str, begin: int, end: int) -> bool:
    if text[begin].isdigit() and BEFORE_IN_NUMBER.search(text, max(0, begin - 2), begin):
        return True
    return end < len(text) and text[end - 1].isdigit() and text[end].isdigit()
