r"""What begins a value, derived from its pattern.

A trigger must match in the token in which a value begins, whatever the value is; so only what the pattern surely
demands there can be one: two or more characters that every value begins with, or a digit before anything that may be
white space. Patterns are read as a sequence of atoms up to the first construct that is not understood; alternatives
are followed one by one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import regex

from guardrails.scanning.plan import BREAK

TOKEN = re.compile(
    r"\\(?:[pP]\{[^}]*\}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)"
    r"|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\]"
    r"|\((?:\?(?:P?<\w+>|:|<?[=!]|.))?|[)|]|[*+?][+?]?|\{\d*,?\d*\}[+?]?|.",
    re.DOTALL,
)
EVERY = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x10000)]))
BREAKS = frozenset(re.findall(f"[{BREAK}]", EVERY))
FEW = 4
LEAST_PREFIX, LONGEST_PREFIX = 2, 16
MOST_PATHS = 64
WITHOUT_WIDTH = (r"\b", r"\B", r"\A", "^", "$")
PLAIN_GROUP = re.compile(r"\((?:\?:|\?P?<\w+>)?\Z")
LOOK_AROUND = ("(?=", "(?!", "(?<=", "(?<!")


@dataclass(frozen=True, slots=True)
class _Atom:
    """Characters of which one stands here, ``least`` times, and perhaps more often where ``is_open``."""

    characters: frozenset[str]
    least: int
    is_open: bool


_Path = tuple[_Atom, ...]


def derived_trigger(pattern: str, flags: int) -> str | None:
    """A trigger for the values of ``pattern``; ``None`` where there is none that is sure to see all of them."""
    if flags & regex.VERBOSE:
        return None
    paths = _Reader(TOKEN.findall(pattern), flags).paths()
    triggers = [_of_path(path) for path in paths]
    if not triggers or len(triggers) > MOST_PATHS or None in triggers:
        return None
    return "|".join(dict.fromkeys(trigger for trigger in triggers if trigger))


def _of_path(path: _Path) -> str | None:
    prefix: list[str] = []
    for atom in path:
        if len(atom.characters) > FEW or atom.characters & BREAKS:
            break
        prefix += [_one_of(atom.characters)] * atom.least
        if atom.is_open:
            break
    if len(prefix) >= LEAST_PREFIX:
        return "".join(prefix[:LONGEST_PREFIX])
    for atom in path:
        if atom.least and all(character.isdecimal() for character in atom.characters):
            return r"\d"
        if atom.characters & BREAKS:
            break
    return None


def _one_of(characters: frozenset[str]) -> str:
    if len(characters) == 1:
        return re.escape(next(iter(characters)))
    return f"[{''.join(re.escape(character) for character in sorted(characters))}]"


class _Reader:
    """Reads a pattern's tokens into the sequences of atoms that its values begin with."""

    def __init__(self, tokens: list[str], flags: int) -> None:
        self._tokens = tokens
        self._flags = flags
        self._at = 0

    def paths(self) -> list[_Path]:
        return [path for path, _ in self._alternatives()]

    def _alternatives(self) -> list[tuple[_Path, bool]]:
        """Each way up to a closing bracket or the end, and whether it was understood to there."""
        ways = self._sequence()
        while self._peek() == "|":
            self._at += 1
            ways += self._sequence()
        return ways

    def _sequence(self) -> list[tuple[_Path, bool]]:
        ways: list[tuple[_Path, bool]] = [((), True)]
        while self._peek() not in ("", "|", ")"):
            following = self._item()
            ways = [
                (path + more, whole and more_whole)
                for path, whole in ways
                for more, more_whole in (following if whole else [((), False)])
            ][: MOST_PATHS + 1]
        return ways

    def _item(self) -> list[tuple[_Path, bool]]:
        token = self._next()
        if token.startswith("("):
            return self._group(token)
        if token in WITHOUT_WIDTH:
            return [((), True)]
        characters = self._characters(token)
        least, is_open = self._quantifier()
        if characters is None:
            return [((), False)]
        return [((_Atom(characters, least, is_open),), True)]

    def _group(self, token: str) -> list[tuple[_Path, bool]]:
        inside = self._alternatives()
        self._next()
        least, is_open = self._quantifier()
        if token in LOOK_AROUND:
            return [((), True)]
        if not PLAIN_GROUP.match(token) or least == 0:
            return [((), False)]
        return [(path, whole and least == 1 and not is_open) for path, whole in inside]

    def _characters(self, token: str) -> frozenset[str] | None:
        """What one character may be; ``None`` for what is no character, such as a reference to a group."""
        if re.match(r"\\[^dDsSwWpPxutnrfv\W]", token):
            return None
        try:
            return frozenset(regex.findall(token, EVERY, flags=self._flags))
        except regex.error:
            return None

    def _quantifier(self) -> tuple[int, bool]:
        token = self._peek()
        counted = re.match(r"\{(\d*)(,?)(\d*)\}", token)
        if token[:1] in ("*", "+", "?") and token:
            self._at += 1
            return (1, True) if token[0] == "+" else (0, True)
        if counted and counted.group() != "{}":
            self._at += 1
            return int(counted[1] or 0), bool(counted[2]) and counted[1] != counted[3]
        return 1, False

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token
