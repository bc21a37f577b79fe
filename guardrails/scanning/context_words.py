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
        whole_up_to: words of at most this many characters count only where they stand alone.
    """

    def __init__(self, words: Iterable[str], whole_up_to: int = 0) -> None:
        folded = [fold(word.strip()) for word in words]
        patterns = [re.escape(word) + (r"(?!\w)" if len(word) <= whole_up_to else "") for word in folded]
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(patterns)})")

    def precede(self, text: str, begin: int) -> bool:
        """Whether one of the words stands in the 60 characters before ``begin``."""
        return self._pattern.search(fold(text[max(0, begin - REACH) : begin])) is not None

    def lift(self, score: float, text: str, begin: int) -> float:
        """The score of a value that begins at ``begin``, raised where a context word stands before it."""
        return min(1.0, max(score + LIFT, FLOOR)) if self.precede(text, begin) else score
