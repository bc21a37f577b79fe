"""Recognizers of phrases."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from guardrails.scanning.clues import clues_of_words
from guardrails.scanning.finding import Finding
from guardrails.scanning.phrases import REACH, Phrase
from guardrails.scanning.plan import BREAK
from guardrails.scanning.recognizer import Reading
from guardrails.scanning.words import any_of

# What a window is sure to show after the token that opened it.
AHEAD = re.compile(rf"[^{BREAK}]*(?:[{BREAK}]+[^{BREAK}]+){{0,5}}")


class FirstWords:
    """Where the words that phrases begin with stand in a window.

    Recognizers that share one look through a window once: it remembers what it has found last.

    Args:
        groups: the phrases of each of the recognizers.
        reads: ``folded``, or ``text`` where diacritics count; words are then found in small letters, in capitals and
            with a capital in front.
    """

    def __init__(self, groups: Iterable[Iterable[Phrase]], reads: Reading = "folded") -> None:
        self.reads: Reading = reads
        words = {word for phrases in groups for phrase in phrases for word in phrase.words}
        if reads == "text":
            # Three ways of writing a word cost less than a set of two letters for each of its letters.
            words |= {cased for word in words for cased in (word.capitalize(), word.upper())}
        self.trigger = rf"\b{any_of(sorted(words))}\b"
        self.clues = clues_of_words(words)
        self._pattern = re.compile(self.trigger)
        self._last: tuple[str, int, int, list[re.Match[str]]] = ("", 0, 0, [])

    def within(self, text: str, start: int, end: int) -> list[re.Match[str]]:
        """All of them in ``text[start:end]``."""
        last_text, last_start, last_end, found = self._last
        if last_text is not text or last_start != start or last_end != end:
            found = list(self._pattern.finditer(text, start, end))
            self._last = (text, start, end, found)
        return found


class PhraseRecognizer:
    """Finds the phrases of one entity.

    Args:
        entity: what they are a sign of.
        found: the phrases.
        first_words: of these phrases, and of others.
        softened_by: words within 60 characters before the finding, or five words after its beginning, that take
            ``softening`` off its score; a regular expression.
    """

    def __init__(
        self,
        entity: str,
        found: Iterable[Phrase],
        first_words: FirstWords,
        *,
        softened_by: str | None = None,
        softening: float = 0.5,
    ) -> None:
        self.entity = entity
        self.reads: Reading = first_words.reads
        self.trigger = first_words.trigger
        self.clues = first_words.clues
        self._first_words = first_words
        listed = sorted(found, key=lambda phrase: -phrase.score)
        self._by_word: dict[str, list[Phrase]] = {}
        for phrase in listed:
            for word in phrase.words:
                self._by_word.setdefault(word, []).append(phrase)
        self._softened_by = re.compile(softened_by, re.IGNORECASE) if softened_by else None
        self._softening = softening
        contents = [(sorted(p.words), p.score, p.before, p.after) for p in listed]
        self.version = hashlib.blake2b(repr((contents, softened_by, softening)).encode(), digest_size=8).hexdigest()

    def find(self, text: str, start: int, end: int) -> Iterator[Finding]:
        for match in self._first_words.within(text, start, end):
            candidates = self._by_word.get(match.group().lower())
            if candidates is not None:
                yield from self._found(candidates, match, end)

    def _found(self, candidates: Iterable[Phrase], match: re.Match[str], end: int) -> Iterator[Finding]:
        text, begin = match.string, match.start()
        ahead = _ahead(text, begin, end)
        for phrase in candidates:
            stop = phrase.end(match, ahead)
            if stop is not None:
                yield Finding(self.entity, begin, stop, self._softened(phrase.score, text, begin, stop, ahead))
                return

    def _softened(self, score: float, text: str, begin: int, stop: int, ahead: int) -> float:
        pattern = self._softened_by
        if pattern is None:
            return score
        is_near = pattern.search(text, max(0, begin - REACH), begin) or pattern.search(text, stop, max(stop, ahead))
        return round(max(0.0, score - self._softening), 2) if is_near else score


def _ahead(text: str, begin: int, end: int) -> int:
    """Up to where a window shows what follows, whatever else is in it."""
    match = AHEAD.match(text, begin, min(end, begin + REACH))
    return begin if match is None else match.end()
