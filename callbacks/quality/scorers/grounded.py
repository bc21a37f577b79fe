"""Whether an answer says what its context says."""

from __future__ import annotations

from collections import Counter

from callbacks.quality.words import sentences, terms, words
from inferspect.observation.scorer import UNDETERMINED, Response, Score, Scorer, Skip

MOST_SENTENCES = 60
MOST_PASSAGES = 400
MOST_PLACES = 40
PASSAGE = 3
"""Sentences of a passage: what one sentence says may stand in a few of the context."""
FEWEST_TERMS = 2
NUMBER_WEIGHT = 2.0


class GroundedInContext(Scorer):
    """How much of each sentence stands together in the context.

    Each sentence of the answer is held against all passages of three sentences of the context; the passage that has
    the greatest share of the weight of its content words counts. Numbers weigh twice, and one that stands nowhere in
    the context halves what its sentence gets. The score is the mean of the sentences by weight.
    """

    name = "Grounded in Context"
    needs = ("context", "answer")

    def score(self, response: Response) -> Score | Skip:
        languages = {response.language, response.context_language}
        if UNDETERMINED not in languages and len(languages) > 1:
            return Skip("languages_differ")
        places, numbers = _places(response.context), set(_numbers(response.context))
        supported = total = 0.0
        for sentence in sentences(response.answer)[:MOST_SENTENCES]:
            said = {term: _weight(term, weight) for term, weight in terms(sentence).items()}
            if len(said) < FEWEST_TERMS:
                continue
            share = _best_share(said, places)
            if any(number not in numbers for number in _numbers(sentence)):
                share /= 2
            weight = sum(said.values())
            supported += share * weight
            total += weight
        return Score(min(1.0, supported / total)) if total else Skip("too_short")


def _places(context: str) -> dict[str, list[int]]:
    """The passages that each word stands in; of a word that is everywhere, only the first ones."""
    places: dict[str, list[int]] = {}
    found = sentences(context)[:MOST_PASSAGES]
    for number, sentence in enumerate(found):
        for term in terms(sentence):
            known = places.setdefault(term, [])
            known.extend(
                passage
                for passage in range(max(0, number - PASSAGE + 1), number + 1)
                if len(known) < MOST_PLACES and (not known or passage > known[-1])
            )
    return places


def _best_share(said: dict[str, float], places: dict[str, list[int]]) -> float:
    together: Counter[int] = Counter()
    for term, weight in said.items():
        for passage in places.get(term, ()):
            together[passage] += weight  # type: ignore[assignment]  # a counter takes any number
    return max(together.values(), default=0) / sum(said.values())


def _weight(term: str, weight: float) -> float:
    return NUMBER_WEIGHT if term.isdigit() else weight


def _numbers(text: str) -> list[str]:
    return [word for word in words(text) if word.isdigit()]
