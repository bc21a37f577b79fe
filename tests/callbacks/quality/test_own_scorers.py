"""Scorers of an operator's own: named in the settings, checked when these are read."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from callbacks.quality.scoring import Scoring
from inferspect.settings import settings_from
from inferspect.tenancy import TenantRules

MODULE = "tests.callbacks.quality.own_scorers"


@pytest.mark.parametrize(
    ("dotted", "message"),
    [
        ("no_such_package.scorers:Polite", "cannot be imported: ModuleNotFoundError"),
        (f"{MODULE}:Missing", "there is no Missing in"),
        (f"{MODULE}.Shouting", "is named as package.module:Class"),
        ("json:JSONDecoder", "is no subclass of"),
        (f"{MODULE}:Unmade", "cannot be made: RuntimeError: no dictionary"),
        (f"{MODULE}:Nameless", "has no `name`"),
        (f"{MODULE}:Unfinished", "cannot be made: TypeError"),
        (f"{MODULE}:Relevance", "the name of one of the gateway's own"),
    ],
)
def test_a_scorer_that_is_wrong_is_told_with_its_place(dotted: str, message: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        settings_from({"quality": {"scorers": [f"{MODULE}:Shouting", dotted]}})
    (problem,) = wrong.value.errors()
    assert problem["loc"] == ("quality", "scorers", 1)
    assert message in problem["msg"]


def test_scores_of_own_scorers_stand_beside_the_others_with_their_version() -> None:
    scoring = Scoring([f"{MODULE}:Shouting", f"{MODULE}:Failing", f"{MODULE}:Infinite"])
    result = scoring.score(scoring.read({}, None, json.dumps("LOUD quiet")))
    assert result.scores["Shouting"] == 0.4
    assert result.versions == {"Shouting": 2}
    assert (result.skips["Failing"], result.skips["Infinite"]) == ("error", "error")
    assert result.scores["Text Length"] == 10


def test_rules_may_name_what_own_scorers_score_and_nothing_unknown() -> None:
    settings_from({"quality": {"scorers": [f"{MODULE}:Shouting"]}})
    rules = TenantRules.model_validate({"observation": {"quality": {"thresholds": {"Shouting": {"max": 0.5}}}}})
    assert rules.observation.quality.thresholds["Shouting"].max == 0.5
    with pytest.raises(ValidationError, match="did you mean Relevance"):
        TenantRules.model_validate({"observation": {"quality": {"thresholds": {"Relevanse": {"min": 0.5}}}}})


@pytest.mark.parametrize(
    "threshold", [{}, {"min": 0.6, "max": 0.5}, {"min": 0.5, "window": "8d"}, {"min": 1, "at_least": 0}]
)
def test_a_threshold_that_says_nothing_is_wrong(threshold: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TenantRules.model_validate({"observation": {"quality": {"thresholds": {"Relevance": threshold}}}})
