"""The time of scoring grows with the length of texts and no faster, whatever they are made of."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from callbacks.quality.scorers import OWN
from callbacks.quality.scoring import Scoring
from inferspect.observation.scorer import Response, Scorer

SHORTER, LONGER = 5_000, 20_000
GROWTH = 8.0
"""Times the processor's time for four times the length: linear is 4 and quadratic 16."""
ATTEMPTS = 5
LEAST = 0.001
FIGURES = {"completion_tokens": 100, "seconds": 0.5, "pii_found": 0, "response_format": {"type": "json_object"}}
END = " x"

HOSTILE = {
    "apologies": "sorry ",
    "apostrophes": "i'm ",
    "backslashes": "\\",
    "brackets": "[(",
    "braces": "{",
    "capitals": "GREAT!!! :) ",
    "combining marks": "a\u0301\u0323",
    "commas and dots": ".,",
    "elements that open": "<context>",
    "elements that open and close": "<context></docs>",
    "emoji": "😀",
    "fences": "```",
    "headings": "Context:\n",
    "lines": "\n",
    "negations": "toi khong the ",
    "no information": "no information ",
    "not words": "information ",
    "numbers": "1 2 3 4 ",
    "one letter": "a",
    "one word in Chinese": "中",
    "quotation marks": '"',
    "quotations": '> "a',
    "sentences of one letter": "a. ",
    "spaces": " ",
    "tabs and lines": "\n\t\t",
    "we": "we ",
}


def seconds(call: Callable[[int], object], size: int) -> float:
    """Of the processor, for a text of that many characters."""
    began = time.thread_time()
    call(size)
    return time.thread_time() - began


def is_linear(call: Callable[[int], object], shorter: int = SHORTER, longer: int = LONGER) -> bool:
    """Whether one of some attempts shows it; times under a millisecond are too short to compare."""
    return any(seconds(call, longer) < GROWTH * max(LEAST, seconds(call, shorter)) for _ in range(ATTEMPTS))


def of_size(seed: str, size: int) -> str:
    """The seed over and over, and an end that is no white space."""
    return (seed * (size // len(seed) + 1))[: size - len(END)] + END


@pytest.fixture(scope="module")
def scorers() -> list[Scorer]:
    return [made() for made in OWN]


@pytest.mark.parametrize("language", ["en", "vi"])
@pytest.mark.parametrize("seed", HOSTILE.values(), ids=HOSTILE.keys())
def test_no_text_makes_a_scorer_take_more_than_its_length(
    scoring: Scoring, scorers: list[Scorer], seed: str, language: str
) -> None:
    """As question, context and answer, whichever language it is taken for."""
    known = {"language": language, "question_language": language, "context_language": language}
    responses = {size: replace(read(scoring, of_size(seed, size)), **known) for size in (SHORTER, LONGER)}

    def score(scorer: Scorer, size: int) -> None:
        if scorer.applies(responses[size]) is None:
            scorer.score(responses[size])

    assert [scorer.name for scorer in scorers if not is_linear(partial(score, scorer))] == []


@pytest.mark.parametrize("seed", [*HOSTILE.values(), "#", "* ", "the context ", "question ", "<context " + "a" * 150])
def test_no_text_makes_reading_take_more_than_its_length(scoring: Scoring, seed: str) -> None:
    """Of what is kept of a request, which is longer than what is looked at; its end makes sure that all is searched."""
    assert is_linear(lambda size: read(scoring, of_size(seed, size) + " Context: x </"), 10 * SHORTER, 10 * LONGER)


def read(scoring: Scoring, text: str) -> Response:
    question = json.dumps([{"role": "user", "content": f"<context>{text}</context> {text}"}])
    return scoring.read(FIGURES, question, json.dumps(text))


def test_a_pattern_that_takes_the_square_of_the_length_is_found_out() -> None:
    assert not is_linear(lambda size: re.search("a+b", "a" * size))
