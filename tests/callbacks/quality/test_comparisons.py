"""Relevance and Grounded in Context over pairs of answers labelled by hand: the better one scores higher."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from callbacks.quality.scoring import Scored
from tests.callbacks.quality.pairs import GROUNDED, RELEVANCE

Score = Callable[..., Scored]


@pytest.mark.parametrize(("question", "relevant", "irrelevant"), RELEVANCE)
def test_an_answer_about_the_question_is_more_relevant(
    scored: Score, question: str, relevant: str, irrelevant: str
) -> None:
    better, worse = (scored(answer, question).scores["Relevance"] for answer in (relevant, irrelevant))
    assert better > 0.6
    assert worse < 0.2


@pytest.mark.parametrize(("context", "grounded", "invented"), GROUNDED)
def test_an_answer_out_of_the_context_is_more_grounded(
    scored: Score, context: str, grounded: str, invented: str
) -> None:
    question = f"Context: {context}\n\nQuestion: What is known?"
    better, worse = (scored(answer, question).scores["Grounded in Context"] for answer in (grounded, invented))
    assert better > 0.8
    assert worse < 0.4


def test_a_wrong_number_makes_a_sentence_less_grounded(scored: Score) -> None:
    question = "<context>The bridge is 320 metres long.</context> How long is it?"
    right, wrong = (scored(f"The bridge is {length} metres long.", question) for length in (320, 480))
    assert wrong.scores["Grounded in Context"] < right.scores["Grounded in Context"] / 2


def test_words_from_all_over_the_context_are_not_a_sentence_of_it(scored: Score) -> None:
    facts = [
        f"The {kind} valve of pump {number} closes slowly." for number, kind in enumerate(["red", "blue", "green"])
    ]
    filler = " Nothing else was noted on that day. It rained. The shift ended late. Everybody left." * 3
    question = f"<documents>{filler.join(facts)}</documents> Which valve closes?"
    together = scored("The red valve of pump 0 closes slowly.", question).scores["Grounded in Context"]
    mixed = scored("The blue pump 0 closes the green rain slowly, everybody noted.", question)
    assert mixed.scores["Grounded in Context"] < together


@pytest.mark.parametrize(
    ("answer", "question", "reason"),
    [
        (
            "Berlin ist die Hauptstadt von Deutschland und liegt an der Spree.",
            "What is the capital of Germany, and where is it?",
            "languages_differ",
        ),
        ("Yes.", "Is Paris the capital of France?", "too_short"),
        ("", "Is Paris the capital of France?", "no_answer"),
        ("Paris is the capital of France.", [{"role": "system", "content": "Be kind."}], "no_question"),
    ],
)
def test_what_cannot_be_compared_has_no_relevance(scored: Score, answer: str, question: str, reason: str) -> None:
    assert scored(answer, question).skips["Relevance"] == reason


def test_without_context_nothing_can_be_grounded(scored: Score) -> None:
    assert scored("Paris is the capital of France.").skips["Grounded in Context"] == "no_context"
