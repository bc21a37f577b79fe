"""Whether an answer is about what was asked."""

from __future__ import annotations

from callbacks.quality.words import terms
from inferspect.observation.scorer import UNDETERMINED, Response, Score, Scorer, Skip

FEWEST_TERMS = 2
LEAST_WEIGHT = 3.0


class Relevance(Scorer):
    """Overlap of question and answer by weighted content words.

    The overlap coefficient (Szymkiewicz-Simpson) of both sets of words: the weight of what they share, over that of
    the lighter one. So a short answer to a long question is relevant where most of it is about the question, and a
    long answer to a short question where it takes up most of it.
    """

    name = "Relevance"
    needs = ("question", "answer")

    def score(self, response: Response) -> Score | Skip:
        languages = {response.language, response.question_language}
        if UNDETERMINED not in languages and len(languages) > 1:
            return Skip("languages_differ")
        paired = "vi" in languages
        asked, answered = terms(response.question, paired=paired), terms(response.answer, paired=paired)
        if len(asked) < FEWEST_TERMS or len(answered) < FEWEST_TERMS:
            return Skip("too_short")
        shared = sum(weight for term, weight in asked.items() if term in answered)
        lighter = min(sum(asked.values()), max(LEAST_WEIGHT, sum(answered.values())))
        return Score(min(1.0, shared / lighter))
