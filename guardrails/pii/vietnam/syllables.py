"""What a Vietnamese syllable looks like, and whether a word is written as another with or without its diacritics."""

from __future__ import annotations

import re

from guardrails.scanning.folding import fold

# What ends in a glide takes no consonant after it, which keeps most English words out.
SYLLABLE = re.compile(
    r"(?:ngh?|nh|kh?|ch?|gh?|gi|ph|qu|th?|tr|[bdhlmnrsvx])?"
    r"(?:(?:[ui]?e|ye|uye|o?a|u?a|u?o|oe|u?y|u|i)(?:ch|ng|nh|[cmnpt])?"
    r"|[ou]?a[iouy]|[ou]?eo|ieu|yeu|[ueo]u|iu|ia|[ou]i|uoi|uou|uyu|uya)"
)


def is_syllable(folded: str) -> bool:
    """Whether a word, folded, could be Vietnamese."""
    return SYLLABLE.fullmatch(folded) is not None


def is_written_as(word: str, accented: str) -> bool:
    """Whether ``word`` is ``accented``, in any case, or that wholly without diacritics; ``phương`` is no ``phường``."""
    lower = word.lower()
    return lower == accented or lower == fold(accented)
