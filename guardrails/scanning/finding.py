"""What a recognizer says about a text."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Finding:
    """One value of an entity in a text; never holds the value itself.

    Attributes:
        entity: name as in :data:`inferspect.tenancy.entities.ENTITIES`, such as ``EMAIL_ADDRESS``.
        start: index of its first character.
        end: index after its last character.
        score: confidence from 0 to 1.
        validated: whether a checksum, a registry or an exact grammar confirmed it.
    """

    entity: str
    start: int
    end: int
    score: float
    validated: bool = False

    def moved(self, by: int) -> Finding:
        """The same finding in a text that has ``by`` more characters before it."""
        return replace(self, start=self.start + by, end=self.end + by)
