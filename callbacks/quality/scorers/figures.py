"""Scores that need no language: how long, how fast, how economic, how careful."""

from __future__ import annotations

from callbacks.quality.words import words
from inferspect.observation.scorer import Response, Score, Scorer, Skip

SHINGLE = 4


class TextLength(Scorer):
    """Characters of the answer."""

    name = "Text Length"
    high = None
    direction = "neither"

    def score(self, response: Response) -> Score | Skip:
        return Skip("content_cut") if response.cut else Score(float(len(response.answer)))


class ResponseTime(Scorer):
    """Seconds from the request to the last byte of the answer."""

    name = "Response Time"
    high = None
    direction = "lower"
    needs = ()

    def score(self, response: Response) -> Score | Skip:
        return Skip("no_time") if response.seconds is None else Score(response.seconds)


class PiiFound(Scorer):
    """How much personal data the guardrails found in the answer."""

    name = "PII found"
    high = None
    direction = "lower"
    needs = ()

    def score(self, response: Response) -> Score | Skip:
        return Skip("not_scanned") if response.pii_found is None else Score(float(response.pii_found))


class TokenEfficiency(Scorer):
    """The share of the answer's tokens that a reader sees and has not read before.

    Tokens of reasoning are not seen. What was read before is the share of runs of four words that repeat an earlier
    one (w-shingles, Broder 1997).
    """

    name = "Token Efficiency"

    def score(self, response: Response) -> Score | Skip:
        if not response.completion_tokens:
            return Skip("no_tokens")
        seen = 1 - min(1.0, response.reasoning_tokens / response.completion_tokens)
        return Score(seen * _share_of_new(list(words(response.answer))))


def _share_of_new(spoken: list[str]) -> float:
    shingles = [tuple(spoken[start : start + SHINGLE]) for start in range(len(spoken) - SHINGLE + 1)]
    return len(set(shingles)) / len(shingles) if shingles else 1.0
