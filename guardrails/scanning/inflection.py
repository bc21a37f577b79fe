"""The forms in which an English word stands in texts."""

from __future__ import annotations

VOWELS = frozenset("aeiou")
HISSING = ("s", "x", "z", "ch", "sh")
UNDOUBLED = frozenset("wxy")

IRREGULAR = {
    "beat": ("beaten",),
    "blow": ("blew", "blown"),
    "build": ("built",),
    "buy": ("bought",),
    "child": ("children",),
    "forge": ("forgeries",),
    "forget": ("forgot", "forgotten"),
    "get": ("got", "gotten"),
    "give": ("gave", "given"),
    "make": ("made",),
    "man": ("men",),
    "sell": ("sold",),
    "send": ("sent",),
    "shoot": ("shot",),
    "steal": ("stole", "stolen"),
    "tell": ("told",),
    "wife": ("wives",),
    "woman": ("women",),
    "write": ("wrote", "written"),
}


def inflected(word: str) -> frozenset[str]:
    """``word`` with the plural and the forms of a verb: ``kill``, ``kills``, ``killed``, ``killing``.

    Forms that English does not have are among them; they do no harm, since nobody writes them.
    """
    forms = {word, *IRREGULAR.get(word, ())}
    if word.endswith("e"):
        forms |= {word + "s", word + "d", (word[:-2] + "y" if word.endswith("ie") else word[:-1]) + "ing"}
    elif word.endswith("y") and word[-2:-1] not in VOWELS:
        forms |= {word[:-1] + "ies", word[:-1] + "ied", word + "ing"}
    else:
        forms |= {word + ("es" if word.endswith(HISSING) else "s"), word + "ed", word + "ing"}
    if _doubles(word):
        forms |= {word + word[-1] + "ed", word + word[-1] + "ing"}
    return frozenset(forms)


def _doubles(word: str) -> bool:
    """Whether the last consonant may be doubled, as in ``stabbed``."""
    before, vowel, last = word[-3:-2], word[-2:-1], word[-1:]
    return (
        bool(before) and before not in VOWELS and vowel in VOWELS and last.isalpha() and last not in VOWELS | UNDOUBLED
    )
