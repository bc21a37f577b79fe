"""The most different of many texts: by their n-grams of characters, or by vectors of theirs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import mul

from evals.promotion.words import normal

CHARACTERS = 4  # of an n-gram: about a stem of a word, and enough of a Vietnamese syllable with its neighbour

Distance = Callable[[int, int], float]


def most_different(count: int, wanted: int, distance: Distance) -> list[int]:
    """So many of ``count`` things, by their numbers and in their order; the first always is among them.

    Each next one is the farthest from all before: farthest-first traversal (Gonzalez 1985), which is within a factor of
    two of the best choice. Of equally far ones the first is taken.
    """
    if wanted >= count:
        return list(range(count))
    chosen = [0]
    nearest = [distance(0, number) for number in range(count)]
    while len(chosen) < wanted:
        left = [number for number in range(count) if number not in set(chosen)]
        farthest = max(left, key=lambda number: (nearest[number], -number))
        chosen.append(farthest)
        nearest = [min(known, distance(farthest, number)) for number, known in enumerate(nearest)]
    return sorted(chosen)


def by_characters(texts: Sequence[str]) -> Distance:
    """Jaccard distance of the texts' sets of n-grams: 0 of equal texts, 1 where none is shared."""
    grams = [_grams(normal(text)) for text in texts]

    def distance(one: int, other: int) -> float:
        shared = len(grams[one] & grams[other])
        return 1.0 - shared / (len(grams[one]) + len(grams[other]) - shared)

    return distance


def by_vectors(vectors: Sequence[Sequence[float]]) -> Distance:
    """Cosine distance: 0 of vectors in one direction, 2 in opposite ones."""
    units = [_unit(vector) for vector in vectors]

    def distance(one: int, other: int) -> float:
        return 1.0 - float(sum(map(mul, units[one], units[other])))

    return distance


def _grams(text: str) -> frozenset[str]:
    padded = f" {text} "
    return frozenset(padded[start : start + CHARACTERS] for start in range(max(1, len(padded) - CHARACTERS + 1)))


def _unit(vector: Sequence[float]) -> list[float]:
    length = math.hypot(*vector)
    return [value / length for value in vector] if length else list(vector)
