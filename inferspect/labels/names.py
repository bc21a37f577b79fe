"""Keeps labels to a bounded number of values."""

from __future__ import annotations

OTHER = "other"
LONGEST = 100


class NamesSeen:
    """The first names that come, up to ``limit`` of them; all later ones are ``other``."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._seen: set[str] = set()

    def name(self, name: str) -> str:
        if name in self._seen:
            return name
        if len(self._seen) >= self._limit:
            return OTHER
        self._seen.add(name)
        return name


def label(text: str) -> str:
    """Text that an administrator wrote, as a label: one line of at most 100 characters."""
    return "".join(character if character.isprintable() else " " for character in text[:LONGEST])
