"""Names that scores are stored under, their ranges and directions: of the gateway's scorers and of an operator's."""

from __future__ import annotations

import difflib

from inferspect.observation.scorer import Direction

OF_SCORERS = (
    "Relevance",
    "Grounded in Context",
    "Avoided Answer",
    "Profanity",
    "Sentiment",
    "Reading Ease",
    "Language",
    "Text Length",
    "PII found",
    "Token Efficiency",
    "Response Time",
    "JSON validity",
)
OF_JUDGE = ("Toxicity", "Relevance (judge)", "Grounded in Context (judge)")
OF_EMBEDDINGS = ("Relevance (embeddings)",)
BUILT_IN = frozenset((*OF_SCORERS, *OF_JUDGE, *OF_EMBEDDINGS))

Range = tuple[float, float | None]
"""The least and the greatest score; ``None`` where there is no greatest."""

SHARE: Range = (0.0, 1.0)
OTHER_RANGES: dict[str, Range] = {
    "Sentiment": (-1.0, 1.0),
    "Reading Ease": (0.0, 100.0),
    "Text Length": (0.0, None),
    "PII found": (0.0, None),
    "Response Time": (0.0, None),
}
LOWER_IS_BETTER = frozenset({"Avoided Answer", "Profanity", "PII found", "Response Time", "Toxicity"})
NEITHER_IS_BETTER = frozenset({"Sentiment", "Language", "Text Length"})
_ranges = {name: OTHER_RANGES.get(name, SHARE) for name in BUILT_IN}
_own_directions: dict[str, Direction] = {}


def add_own(name: str, span: Range, direction: Direction = "higher") -> None:
    """Make known that an operator's scorer gives scores of that name, before rules that name it are read."""
    _ranges[name] = span
    _own_directions[name] = direction


def range_of(name: str) -> Range:
    """The range of a score that there is."""
    return _ranges[name]


def direction_of(name: str) -> Direction:
    """Which scores of a name that there is are better."""
    if name in LOWER_IS_BETTER:
        return "lower"
    return "neither" if name in NEITHER_IS_BETTER else _own_directions.get(name, "higher")


def check_name(name: str) -> str:
    """The name, where there is a score of it.

    Raises:
        ValueError: there is none.
    """
    if name not in _ranges:
        close = difflib.get_close_matches(name, _ranges, n=2, cutoff=0.5)
        meant = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(sorted(_ranges))}"
        raise ValueError(f"no score is named so; {meant}")
    return name
