"""Suites and limits as YAML files."""

from __future__ import annotations

from pathlib import Path

import pytest

from evals.reports.limits import limits_of, read_limits
from evals.reports.suite import SHIPPED, find_suite
from inferspect.configuration_file import ConfigurationError
from inferspect.tenancy.quality_rules import QualityRules

RULES = QualityRules.model_validate({"thresholds": {"Relevance": {"min": 0.6, "at_least": 5}}})


@pytest.mark.parametrize("name", sorted(file.stem for file in SHIPPED.glob("*.yaml")))
def test_suites_that_ship_can_be_read(name: str) -> None:
    suite, folder = find_suite(name, None)
    assert suite.description
    assert suite.jobs(folder, [])
    assert suite.needs_responses == (name != "prompts")


def test_an_own_suite_goes_before_one_that_ships(tmp_path: Path) -> None:
    """Shares may be written as such; files of Python are found beside the suite."""
    text = "name: responses\nchecks:\n- {type: outliers, max_share: 5%}\n- {type: python, file: own.py}\n"
    (tmp_path / "responses.yaml").write_text(text, encoding="utf-8")
    suite, folder = find_suite("responses", tmp_path)
    outliers, python = suite.jobs(folder, [])
    assert outliers["max_share"] == 0.05
    assert python == {"type": "python", "file": str(tmp_path / "own.py"), "function": "checks"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: own\nchecks: []\n", "own.yaml:2: checks:"),
        ("name: own\nchecks:\n- {type: drift}\n- {type: drift, alfa: 0.1}\n", "own.yaml:4: checks.1.alfa:"),
        ("name: own\nchecks:\n- {type: drift, numbers: much}\n", "own.yaml:3: checks.0.numbers: must be a share"),
        ("name: own\nchecks:\n- {type: drifft}\n", "own.yaml:3: checks.0"),
        ("name: other\nchecks:\n- {type: drift}\n", "is not that of the file"),
        ("name: own\nname: own\n", "is given twice"),
        ("name: [own\n", "no valid YAML at line"),
        (
            "name: own\nchecks:\n- type: limits\n  scores: {Relevance: {mean: {min: 1, max: 0}}}\n",
            "own.yaml:4: checks.0.scores.Relevance.mean: has a `min` above its `max`",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as error:
        find_suite("own", tmp_path)
    assert told in str(error.value)


def test_a_suite_that_there_is_not_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="there are: mine, prompts, responses"):
        find_suite("none", tmp_path)


def test_limits_are_those_of_the_rules_and_of_the_file(tmp_path: Path) -> None:
    """A tenant's own in the file replace the default ones of the same score."""
    file = tmp_path / "limits.yaml"
    file.write_text(
        "default:\n  Relevance: {mean: {min: 0.5}}\n  Cost: {percentiles: {99: {max: 0.01}}}\n"
        "tenants:\n  acme:\n    Relevance: {percentiles: {10: {min: 0.2}, 5: {min: 0.1}}, at_least: 50}\n",
        encoding="utf-8",
    )
    found = limits_of(RULES, read_limits(file), "acme")
    assert [(each["column"], each["of"], each["min"], each["max"], each["at_least"]) for each in found] == [
        ("Relevance", "mean", 0.6, None, 5),
        ("Cost", 99, None, 0.01, 20),
        ("Relevance", 5, 0.1, None, 50),
        ("Relevance", 10, 0.2, None, 50),
    ]
    assert [each["of"] for each in limits_of(QualityRules(), read_limits(file), "globex")] == [99, "mean"]
    assert limits_of(QualityRules(), read_limits(None), "globex") == []


def test_a_file_of_limits_that_is_not_there_is_told_with_its_setting(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent.yaml: file: .* `reports.limits`"):
        read_limits(tmp_path / "absent.yaml")


def test_a_wrong_limit_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "limits.yaml"
    file.write_text("tenants:\n  acme:\n    Relevance:\n      percentiles: {101: {min: 0.2}}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"limits.yaml:\d: tenants.acme.Relevance.percentiles"):
        read_limits(file)
