"""Scores how polite an answer is: the share of its sentences that hold a polite word."""

from __future__ import annotations

from inferspect.observation.scorer import Response, Score, Scorer, Skip

POLITE = ("please", "thank", "welcome", "glad", "sorry")


class Politeness(Scorer):
    name = "Politeness"
    languages = frozenset({"en"})

    def score(self, response: Response) -> Score | Skip:
        sentences = [sentence for sentence in response.prose.lower().split(".") if sentence.strip()]
        if not sentences:
            return Skip("too_short")
        polite = sum(any(word in sentence for word in POLITE) for sentence in sentences)
        return Score(polite / len(sentences))
