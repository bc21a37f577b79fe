"""Figures as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def table(head: str, lines: list[str]) -> str:
    """A table; ``head`` names its columns with bars between them."""
    columns = head.count("|")
    return "\n".join([f"| {head} |", "|---" + "|---:" * columns + "|", *lines])


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Of the rounds, each for itself: what else the machine did then was the same for both."""
    return [one / other for one, other in zip(above, below, strict=True)]


def spread(values: Sequence[float], form: str) -> str:
    """The smallest and the largest."""
    return f"{min(values):{form}} to {max(values):{form}}"


def difference(ours: Sequence[float], theirs: Sequence[float], form: str = ".1f") -> str:
    """Medians of both, theirs first, and the median of the rounds' differences, with the smallest and the largest."""
    more = [own - other for own, other in zip(ours, theirs, strict=True)]
    return (
        f"{statistics.median(theirs):{form}} → {statistics.median(ours):{form}}, "
        f"**{statistics.median(more):+{form}}** ({spread(more, f'+{form}')})"
    )
