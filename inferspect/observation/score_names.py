"""The names that scores are stored under: those of the gateway's own scorers, and of an operator's."""

from __future__ import annotations

import difflib

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

_own: set[str] = set()


def add_own(name: str) -> None:
    """Make known that an operator's scorer gives scores of that name, before rules that name it are read."""
    _own.add(name)


def check_name(name: str) -> str:
    """The name, where there is a score of it.

    Raises:
        ValueError: there is none.
    """
    known = BUILT_IN | _own
    if name not in known:
        close = difflib.get_close_matches(name, known, n=2, cutoff=0.5)
        meant = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(sorted(known))}"
        raise ValueError(f"no score is named so; {meant}")
    return name
