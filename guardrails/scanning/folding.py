"""Texts as recognizers read them: tricks of writing undone, case and diacritics folded."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# One character each, so that places stay the same.
STYLED = (range(0xFF01, 0xFF5F), range(0x1D400, 0x1D7CC), range(0x24B6, 0x24EA))  # full-width, mathematical, circled
PLAIN_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
PLAIN_DASHES = "\u00ad\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
INVISIBLE = (
    "\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u00ad\u034f\u061c\u180e\ufe00-\ufe0f"
    "\U000e0000-\U000e007f"
)
COMBINING = "\u0300-\u0314\u031b\u0323-\u0328"
# Unicode has no decimal digits beyond its second plane, and to ask for each character takes long.
END_OF_DIGITS = 0x20000
AT_SIGNS = {"%40": "@", "&#64;": "@", "&#x40;": "@", "&commat;": "@"}

HIDDEN = re.compile(rf"[{INVISIBLE}]+|[A-Za-z\u00c0-\u1ef9][{COMBINING}]+|%40|&#64;|&#[xX]40;|&commat;")
"""What makes a text longer than what it says. A window in which it matches is read without it."""


def _plain_characters() -> dict[int, str]:
    table = dict.fromkeys(map(ord, PLAIN_SPACES), " ") | dict.fromkeys(map(ord, PLAIN_DASHES[1:]), "-")
    for code in range(0x80, END_OF_DIGITS):
        character = chr(code)
        if character.isdecimal():
            table[code] = str(unicodedata.decimal(character))
        elif any(code in styled for styled in STYLED):
            wide = unicodedata.normalize("NFKC", character)
            if len(wide) == 1 and wide.isascii():
                table[code] = wide
    return table


def _folded_characters() -> dict[int, str]:
    table = {ord("đ"): "d", ord("Đ"): "d", 0x131: "i", ord("ł"): "l", ord("Ł"): "l", ord("ø"): "o", ord("Ø"): "o"}
    for code in [*range(0x41, 0x5B), *range(0xC0, 0x250), *range(0x370, 0x530), *range(0x1E00, 0x1F00)]:
        base = unicodedata.normalize("NFD", chr(code))[0].lower()
        if len(base) == 1 and code not in table and base != chr(code):
            table[code] = base
    return table


PLAIN = _plain_characters()
FOLDED = _folded_characters()


def plain(text: str) -> str:
    """``text`` with full-width and styled characters, odd spaces and dashes in their ASCII form; of the same length."""
    return text if text.isascii() else text.translate(PLAIN)


def fold(text: str) -> str:
    """``text`` in lower case and without diacritics, of the same length."""
    return text.lower() if text.isascii() else text.translate(FOLDED)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as recognizers read it.

    Attributes:
        text: what they read.
        places: for each of its characters, and its end, where that stands in the original; ``None`` where both
            are the same.
    """

    text: str
    places: list[int] | None = None

    def place(self, index: int) -> int:
        """Where in the original the character at ``index`` begins."""
        return index if self.places is None else self.places[index]

    def index(self, place: int) -> int:
        """The first character that stands at ``place`` in the original, or after it."""
        if self.places is None:
            return place
        return next(index for index, at in enumerate(self.places) if at >= place)


def read(text: str) -> Reading:
    """What ``text``, already :func:`plain`, says without what is hidden in it; accents joined with their letters."""
    may_hide = not text.isascii() or "%" in text or "&" in text
    if not may_hide or HIDDEN.search(text) is None:
        return Reading(text)
    pieces: list[str] = []
    places: list[int] = []
    position = 0
    for hidden in HIDDEN.finditer(text):
        pieces.append(text[position : hidden.start()])
        places += range(position, hidden.start())
        said = _said(hidden.group())
        pieces.append(said)
        places += [hidden.start()] * len(said)
        position = hidden.end()
    pieces.append(text[position:])
    places += range(position, len(text) + 1)
    return Reading("".join(pieces), places)


def _said(hidden: str) -> str:
    if hidden[0] in "%&":
        return AT_SIGNS[hidden.lower()]
    if hidden[0].isalpha():
        joined = unicodedata.normalize("NFC", hidden)
        return joined if len(joined) == 1 else joined[0]
    return ""
