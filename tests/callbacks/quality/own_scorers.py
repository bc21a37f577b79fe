"""Scorers as an operator may write them: one that works, and some that do not."""

from __future__ import annotations

import os
import time
from pathlib import Path

from inferspect.observation.scorer import Response, Score, Scorer, Skip

DEADLY, ENDLESS, ONCE = "deadly", "endless", "once:"


class Shouting(Scorer):
    """Share of capital letters."""

    name = "Shouting"
    direction = "lower"
    version = 2

    def score(self, response: Response) -> Score | Skip:
        return Score(sum(map(str.isupper, response.answer)) / len(response.answer))


class Failing(Scorer):
    name = "Failing"

    def score(self, response: Response) -> Score | Skip:
        raise RuntimeError(response.answer)


class Infinite(Scorer):
    name = "Infinite"

    def score(self, response: Response) -> Score | Skip:  # noqa: ARG002  as the base class has it
        return Score(float("nan"))


class Hostile(Scorer):
    """Ends its process, or never does, or ends it the first time only."""

    name = "Hostile"

    def score(self, response: Response) -> Score | Skip:
        if DEADLY in response.answer:
            os._exit(1)
        if ENDLESS in response.answer:
            time.sleep(3600)
        if response.answer.startswith(ONCE):
            marker = Path(response.answer.removeprefix(ONCE))
            if not marker.exists():
                marker.touch()
                os._exit(1)
        return Score(1.0)


class Unmade(Scorer):
    name = "Unmade"

    def __init__(self) -> None:
        raise RuntimeError("no dictionary")

    def score(self, response: Response) -> Score | Skip:  # noqa: ARG002  as the base class has it
        return Score(1.0)


class Nameless(Scorer):
    def score(self, response: Response) -> Score | Skip:  # noqa: ARG002  as the base class has it
        return Score(1.0)


class Relevance(Scorer):
    name = "Relevance"

    def score(self, response: Response) -> Score | Skip:  # noqa: ARG002  as the base class has it
        return Score(1.0)


class Unfinished(Scorer):
    name = "Unfinished"
