"""Scorers as an operator may write them: one that works, and some that do not."""

from __future__ import annotations

import os
import time
from decimal import Decimal
from pathlib import Path

import numpy as np

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


class Relevance(Scorer):
    name = "Relevance"

    def score(self, response: Response) -> Score | Skip:  # noqa: ARG002  as the base class has it
        return Score(1.0)


class Loud(Shouting):
    """Another scorer of the same name."""


class OfNumpy(Scorer):
    """Gives a number of numpy's and a label that is no text."""

    name = "Of numpy"

    def score(self, response: Response) -> Score | Skip:
        return Score(np.float64(len(response.answer)) / 100, label=len(response.answer))  # type: ignore[arg-type]


class OfDecimals(Scorer):
    """Gives a number that JSON does not know, and a reason that is no text."""

    name = "Of decimals"

    def score(self, response: Response) -> Score | Skip:
        return Score(Decimal("0.25")) if response.answer else Skip(404)  # type: ignore[arg-type]


class Beyond(Scorer):
    """Gives more than its range has."""

    name = "Beyond"

    def score(self, response: Response) -> Score | Skip:  # noqa: ARG002  as the base class has it
        return Score(7.5)


class Silent(Scorer):
    """Gives nothing."""

    name = "Silent"

    def score(self, response: Response) -> Score | Skip:  # noqa: ARG002  as the base class has it
        return None  # type: ignore[return-value]


class Halved(Relevance):
    """Has a version that is no whole number."""

    name = "Halved"
    version = 0.5  # type: ignore[assignment]


class Boundless(Relevance):
    """Has a bound that is no number."""

    name = "Boundless"
    high = "none"  # type: ignore[assignment]


class Unprintable(Relevance):
    """Has a name that the database does not take."""

    name = "Zero\0"


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


class Unfinished(Scorer):
    name = "Unfinished"
