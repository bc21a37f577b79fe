"""What tells quickly that a trigger matches nowhere in a text.

Most triggers of a plan match in few texts. To find that out by a search for each would take longer than all else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

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

    def __init__(self, text: str, folded: str | None = None) -> None:
        self.text = text
        if folded is not None:
            self.folded = folded

    def reading(self, reads: Reading) -> str:
        """What recognizers read."""
        return self.text if reads == "text" else self.folded

    def shows(self, clues: Clues, reads: Reading) -> bool:
        """Whether there is one of the clues."""
        if not clues.in_ascii and self.text.isascii():
            return False
        if clues.pattern is not None and clues.pattern.search(self.reading(reads)):
            return True
        if clues.parts:
            lower = self._lower if reads == "text" else self.folded
            for part in clues.parts:
                if part in lower:
                    return True
        words = clues.words
        return bool(words) and not words.isdisjoint(self._words if reads == "text" else self._folded_words)

    @cached_property
    def folded(self) -> str:
        return fold(self.text)

    @cached_property
    def _lower(self) -> str:
        return self.folded if self.text.isascii() else self.text.lower()

    @cached_property
    def _words(self) -> frozenset[str]:
        return self._folded_words if self.text.isascii() else _words_of(self._lower)

    @cached_property
    def _folded_words(self) -> frozenset[str]:
        return _words_of(self.folded)


def _words_of(text: str) -> frozenset[str]:
    return frozenset(text.translate(BETWEEN_WORDS).split() if text.isascii() else WORD.findall(text))
