"""What tells quickly that a trigger matches nowhere in a text.

Most triggers of a plan match in few texts. To find that out by a search for each would take longer than all else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from guardrails.scanning.folding import fold
from guardrails.scanning.recognizer import Reading

WORD = re.compile(r"\w+")
# Splitting is several times as quick as a search for words.
BETWEEN_WORDS = {code: " " for code in range(0x80) if not WORD.match(chr(code))}


@dataclass(frozen=True, slots=True)
class Clues:
    """Every match of a trigger has at least one of these in it or around it.

    Attributes:
        words: whole words, what a regular expression means by them, in lower case. The match must begin with a word.
        parts: literals in lower case, wherever they stand.
        pattern: a quick regular expression; for what ``reads`` says, as the trigger.
        in_ascii: whether there are matches in texts of ASCII alone.
    """

    words: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    in_ascii: bool = True


def clues_of_words(words: Iterable[str], parts: tuple[str, ...] = ()) -> Clues:
    """Clues for a trigger of whole words, in all cases in which they are given."""
    first = (WORD.match(word.lower()) for word in words)
    return Clues(frozenset(match.group() for match in first if match), parts)


class Sight:
    """A text in all forms in which triggers and clues are looked for; each is made when it is first asked for."""

    __slots__ = ("_folded", "_folded_words", "_words", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        # A cached property takes a lock.
        self._folded: str | None = None
        self._words: frozenset[str] | None = None
        self._folded_words: frozenset[str] | None = None

    def reading(self, reads: Reading) -> str:
        """What recognizers read."""
        if reads == "text":
            return self.text
        if self._folded is None:
            self._folded = fold(self.text)
        return self._folded

    def shows(self, clues: Clues, reads: Reading) -> bool:
        """Whether there is one of the clues."""
        if not clues.in_ascii and self.text.isascii():
            return False
        if clues.pattern is not None and clues.pattern.search(self.reading(reads)):
            return True
        # What ASCII says in lower case is what it says folded.
        is_folded = reads == "folded" or self.text.isascii()
        if clues.parts:
            lower = self.reading("folded") if is_folded else self.text.lower()
            for part in clues.parts:
                if part in lower:
                    return True
        words = clues.words
        return bool(words) and not words.isdisjoint(self._words_of_folded() if is_folded else self._words_of_text())

    def _words_of_folded(self) -> frozenset[str]:
        if self._folded_words is None:
            self._folded_words = _words_of(self.reading("folded"))
        return self._folded_words

    def _words_of_text(self) -> frozenset[str]:
        if self._words is None:
            self._words = _words_of(self.text.lower())
        return self._words


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.translate(BETWEEN_WORDS).split() if text.isascii() else WORD.findall(text))
