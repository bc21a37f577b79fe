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
        (f"{MODULE}:Unprintable", "has no `name`"),
        (f"{MODULE}:Halved", "`version` that is no whole number"),
        (f"{MODULE}:Boundless", "`high` that is no number"),
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


def test_two_scorers_of_one_name_are_refused_and_both_told() -> None:
    with pytest.raises(ValidationError) as wrong:
        settings_from({"quality": {"scorers": [f"{MODULE}:Shouting", f"{MODULE}:Loud"]}})
    (problem,) = wrong.value.errors()
    assert problem["loc"] == ("quality", "scorers")
    assert f"{MODULE}:Shouting and {MODULE}:Loud have the same `name`, 'Shouting'" in problem["msg"]


def test_scores_of_own_scorers_stand_beside_the_others_with_their_version() -> None:
    scoring = Scoring([f"{MODULE}:Shouting", f"{MODULE}:Failing", f"{MODULE}:Infinite"])
    result = scoring.score(scoring.read({}, None, json.dumps("LOUD quiet")))
    assert result.scores["Shouting"] == 0.4
    assert result.versions == {"Shouting": 2}
    assert (result.skips["Failing"], result.skips["Infinite"]) == ("error", "error")
    assert result.scores["Text Length"] == 10


def test_what_an_own_scorer_returns_costs_no_other_score() -> None:
    """Numbers and labels of other libraries are taken as floats and texts; what is outside of its range is none."""
    names = ("OfNumpy", "OfDecimals", "Beyond", "Silent")
    scoring = Scoring([f"{MODULE}:{name}" for name in names])
    result = scoring.score(scoring.read({}, None, json.dumps("LOUD quiet")))
    assert (result.scores["Of numpy"], result.labels["Of numpy"]) == (0.1, "10")
    assert result.scores["Of decimals"] == 0.25
    assert (result.skips["Beyond"], result.skips["Silent"]) == ("error", "error")
    assert result.scores["Text Length"] == 10
    assert type(result.scores["Of numpy"]) is type(result.scores["Of decimals"]) is float


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


@pytest.mark.parametrize(
    ("name", "bounds", "place", "message"),
    [
        ("Relevance", {"min": "nan"}, "min", "finite"),
        ("Relevance", {"max": "inf"}, "max", "finite"),
        ("Relevance", {"min": 60}, "min", "beyond what the score Relevance can be, 0 to 1"),
        ("Reading Ease", {"min": 101}, "min", "0 to 100"),
        ("Sentiment", {"min": 0, "max": 2}, "max", "-1 to 1"),
        ("Text Length", {"max": -1}, "max", "0 or more"),
        ("Toxicity", {"max": 5}, "max", "0 to 1"),
        ("Shouting", {"max": 5}, "max", "0 to 1"),
    ],
)
def test_a_threshold_that_no_mean_can_reach_is_told_with_its_place(
    name: str, bounds: dict[str, object], place: str, message: str
) -> None:
    settings_from({"quality": {"scorers": [f"{MODULE}:Shouting"]}})
    with pytest.raises(ValidationError) as wrong:
        TenantRules.model_validate({"observation": {"quality": {"thresholds": {name: bounds}}}})
    (problem,) = wrong.value.errors()
    assert problem["loc"] == ("observation", "quality", "thresholds", name, place)
    assert message in problem["msg"]


def test_thresholds_may_have_all_that_a_score_can_be() -> None:
    spans = {"Relevance": (0, 1), "Sentiment": (-1, 1), "Reading Ease": (0, 100), "Text Length": (0, 1e6)}
    thresholds = {name: {"min": low, "max": high} for name, (low, high) in spans.items()}
    TenantRules.model_validate({"observation": {"quality": {"thresholds": thresholds}}})
