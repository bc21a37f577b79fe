"""Which end of a score is the better one, as who reads the store is told it."""

from __future__ import annotations

import pytest

from callbacks.quality.scoring import OWN
from inferspect.observation.quality import QualitySettings
from inferspect.observation.score_names import direction_of
from inferspect.observation.scorer import Scorer


@pytest.mark.parametrize("scorer", OWN, ids=lambda scorer: scorer.name)
def test_it_is_the_one_that_the_scorer_has(scorer: type[Scorer]) -> None:
    assert direction_of(scorer.name) == scorer.direction


def test_of_an_operators_scorer_as_well() -> None:
    QualitySettings(scorers=("tests.callbacks.quality.own_scorers:Shouting",))
    assert direction_of("Shouting") == "lower"
