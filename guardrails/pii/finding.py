"""What a recognizer says about a text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inferspect.tenancy.rules import PiiEntity


@dataclass(frozen=True, slots=True)
class Finding:
    """One value of an entity in a text; never holds the value itself.

    Attributes:
        start: index of its first character.
        end: index after its last character.
        score: confidence from 0 to 1.
        validated: whether a checksum or a registry confirmed it.
    """

    entity: PiiEntity
    start: int
    end: int
    score: float
    validated: bool = False
