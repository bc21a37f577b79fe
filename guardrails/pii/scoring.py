"""How words near a value change the confidence in it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

REACH = 60
# As Presidio's LemmaContextAwareEnhancer does by default.
LIFT = 0.35
FLOOR = 0.4


class ContextWords:
    """Words before a value that make it more likely to be one, such as ``ssn``.

    Args:
        words: in lower case; a word in the text counts when it begins with one of them.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(re.escape(word.strip()) for word in words)})")

    def lift(self, score: float, text: str, begin: int) -> float:
        """The score of a value that begins at ``begin``, raised where a context word stands before it."""
        if self._pattern.search(text[max(0, begin - REACH) : begin].lower()):
            return min(1.0, max(score + LIFT, FLOOR))
        return score
