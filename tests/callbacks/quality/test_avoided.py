"""Refusals and evasions, over tables of answers labelled by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from callbacks.quality.scoring import Scored
from tests.callbacks.quality.avoided_answers import HELD_OUT, TABLE

Score = Callable[..., Scored]
KNOWN_MISSES = {"Why do you want to know that?", "Bạn hỏi câu khác được không?", "Who can say?"}


def avoids(scored: Score, answer: str) -> float:
    return scored(answer).scores["Avoided Answer"]


@pytest.mark.parametrize(("answer", "is_avoided"), [row for row in TABLE if row[0] not in KNOWN_MISSES])
def test_an_answer_is_told_from_a_refusal(scored: Score, answer: str, is_avoided: bool) -> None:
    assert (avoids(scored, answer) >= 0.5) == is_avoided


def test_a_question_in_return_is_not_recognised(scored: Score) -> None:
    """A known limit: these hold no phrase that refuses."""
    assert {answer for answer, is_avoided in TABLE if is_avoided and not avoids(scored, answer)} == KNOWN_MISSES


def test_of_answers_that_the_phrases_were_not_written_for_nine_in_ten_are_right(scored: Score) -> None:
    assert right(scored, HELD_OUT) >= 0.9


def right(scored: Score, rows: Sequence[tuple[str, bool]]) -> float:
    return sum((avoids(scored, answer) >= 0.5) == is_avoided for answer, is_avoided in rows) / len(rows)


def test_a_refusal_before_a_long_answer_counts_half(scored: Score) -> None:
    """Who helps after all has not avoided the question."""
    refusal = "I cannot give you legal advice. "
    assert avoids(scored, refusal) == 1.0
    assert avoids(scored, refusal + "The law says that the tenant may leave after three months. " * 12) == 0.5


def test_a_caveat_at_the_end_of_an_answer_does_not_count(scored: Score) -> None:
    answer = "The lease ends after three months, and the deposit is returned within thirty days. " * 4
    assert avoids(scored, answer + "I cannot give you legal advice.") == 0.0


@pytest.mark.parametrize("answer", ["Ich weiß es leider nicht, das kann ich Ihnen wirklich nicht sagen."])
def test_other_languages_are_skipped(scored: Score, answer: str) -> None:
    assert scored(answer).skips["Avoided Answer"] == "language_unsupported"
