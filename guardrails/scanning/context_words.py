"""How words near a value change the confidence in it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from guardrails.scanning.folding import fold

REACH = 60
# As Presidio's LemmaContextAwareEnhancer does by default.
LIFT = 0.35
FLOOR = 0.4


class ContextWords:
    """Words before a value that make it more likely to be one, such as ``ssn`` or ``số điện thoại``.

    Args:
        words: in any case, with or without diacritics; a word in the text counts when it begins with one of them.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(fold(word.strip())) for word in words)})")

    def precede(self, text: str, begin: int) -> bool:
        """Whether one of the words stands in the 60 characters before ``begin``."""
        return self._pattern.search(fold(text[max(0, begin - REACH) : begin])) is not None

    def lift(self, score: float, text: str, begin: int) -> float:
        """The score of a value that begins at ``begin``, raised where a context word stands before it."""
        return min(1.0, max(score + LIFT, FLOOR)) if self.precede(text, begin) else score
