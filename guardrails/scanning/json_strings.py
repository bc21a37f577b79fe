r"""What a JSON string says, also when it arrives in pieces, and where each character of that stands.

What JSON does not allow is read as it stands: ``\x`` is two characters, half of a surrogate pair is one, and so is a
line break without an escape.
"""

from __future__ import annotations

import re
from collections import deque

HEX = "[0-9a-fA-F]"
HIGH = rf"\\u[dD][89abAB]{HEX}{{2}}"
LOW = rf"\\u[dD][c-fC-F]{HEX}{{2}}"
BODY = re.compile(r'(?:[^"\\]++|\\.)*+', re.DOTALL)
ESCAPE = re.compile(rf"{HIGH}{LOW}|\\u{HEX}{{4}}|\\.", re.DOTALL)
# What may yet become one escape: its first part, or a high surrogate whose low one may follow.
UNFINISHED = re.compile(
    rf"\\(?:u{HEX}{{0,3}})?\Z|{HIGH}(?:\\(?:u(?:[dD](?:[c-fC-F]{HEX}?)?)?)?)?\Z",
)
LONGEST_UNFINISHED = 11
SHORT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
PAIR = 12  # characters of two escapes


def unescaped(escaped: str) -> str:
    """What a part of a JSON string says."""
    return ESCAPE.sub(lambda escape: _said(escape.group()), escaped) if "\\" in escaped else escaped


def _said(escape: str) -> str:
    if escape[1] != "u":
        return SHORT.get(escape[1], escape)
    if len(escape) == PAIR:
        return chr(0x10000 + ((int(escape[2:6], 16) & 0x3FF) << 10) + (int(escape[8:], 16) & 0x3FF))
    return chr(int(escape[-4:], 16)) if len(escape) > len(r"\u") else escape


def body_end(text: str, start: int, *, is_whole: bool) -> int:
    """Up to where a string that goes on at ``start`` can be read: to its quote, or to an escape that is not finished.

    Args:
        text: what has come so far.
        start: inside of the string, not inside of an escape.
        is_whole: nothing follows, so that what is not finished stays as it is.
    """
    end: int = BODY.match(text, start).end()  # type: ignore[union-attr]
    if end < len(text) and text[end] == '"':
        return end
    if is_whole:
        return len(text)
    tail = max(start, len(text) - LONGEST_UNFINISHED)
    if "\\" not in text[tail:]:
        return end
    # A backslash may itself be escaped, so escapes are counted from the beginning.
    for escape in ESCAPE.finditer(text, start, end):
        if escape.start() >= tail and UNFINISHED.match(text, escape.start()):
            return escape.start()
    return end


class Unescaping:
    """Reads a string piece by piece, and remembers the places of what was read until it is asked for them."""

    def __init__(self) -> None:
        self._raw = ""
        self._raw_given = self._read = self._given = 0
        # Where in what the string says an escape stands, and how many characters more it takes in the raw text.
        self._escapes: deque[tuple[int, int]] = deque()

    def read(self, raw: str) -> str:
        """What a piece says; it must not end inside of an escape."""
        self._raw, self._raw_given = self._raw[self._raw_given :] + raw, 0
        if "\\" not in raw:
            self._read += len(raw)
            return raw
        pieces: list[str] = []
        position = 0
        for escape in ESCAPE.finditer(raw):
            said = _said(escape.group())
            pieces += raw[position : escape.start()], said
            self._read += escape.start() - position
            position = escape.end()
            if extra := len(escape.group()) - len(said):
                self._escapes.append((self._read, extra))
            self._read += len(said)
        pieces.append(raw[position:])
        self._read += len(raw) - position
        return "".join(pieces)

    def take(self, length: int, places: list[int]) -> tuple[str, list[int]]:
        """The raw text of the next ``length`` characters that were read, and where ``places`` in these stand in it.

        Args:
            length: in characters of what the string says.
            places: in order, none beyond ``length``.
        """
        moved: list[int] = []
        extra = 0
        for place in [*places, length]:
            while self._escapes and self._escapes[0][0] < self._given + place:
                extra += self._escapes.popleft()[1]
            moved.append(place + extra)
        self._given += length
        begin, self._raw_given = self._raw_given, self._raw_given + moved.pop()
        return self._raw[begin : self._raw_given], moved
