"""What the pages about guardrails show can be used as it is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from guardrails.content_safety.classifier import CATEGORIES, classified
from guardrails.labelled import read_labelled
from guardrails.pii.custom import load_custom_recognizers
from guardrails.pii.custom.file import RecognizerDefinition
from guardrails.policy.policy import Policies
from guardrails.scanning.plan import Plan
from guardrails.scanning.scan import Scan
from inferspect.http.guardrail_header import NAME
from inferspect.settings import GuardrailSettings, settings_from
from inferspect.tenancy import TenantRules
from inferspect.tenancy.entities import ENTITIES
from tests.docs.markdown import ROOT, table_rows

OVERVIEW = ROOT / "docs" / "guardrails.md"
COOKBOOK = ROOT / "docs" / "guardrails" / "cookbook.md"
RECOGNIZERS = ROOT / "docs" / "guardrails" / "recognizers.md"


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def recipes() -> list[Any]:
    """Each rules in JSON, by the heading that stands before it."""
    page = COOKBOOK.read_text(encoding="utf-8")
    found = []
    for section in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        heading = section.partition("\n")[0]
        found += [
            pytest.param(json.loads(each), id=heading) for each in re.findall(r"```json\n(.*?)```", section, re.DOTALL)
        ]
    return found


def found(plan: Plan, text: str) -> list[str]:
    scan = Scan(plan)
    steps = [*scan.feed(text), *scan.finish()]
    return [step.text[each.start : each.end] for step in steps for each in step.findings]


@pytest.fixture
def _entities_as_before() -> Iterator[None]:
    before = dict(ENTITIES)
    yield
    ENTITIES.clear()
    ENTITIES.update(before)


def test_the_cookbook_has_its_recipes() -> None:
    assert len(recipes()) > 10


@pytest.mark.parametrize("rules", recipes())
def test_a_recipe_is_valid_and_can_be_compiled(rules: dict[str, Any]) -> None:
    valid = TenantRules.model_validate(rules)
    policies = Policies(GuardrailSettings())
    for way in ("input", "output"):
        policy = policies.of(valid, way)
        if policy is not None:
            assert found(policy.plan, "<EMAIL_ADDRESS>") == ["<EMAIL_ADDRESS>"]
    assert (policies.of(valid, "input") is None) == all(not part.get("enabled", True) for part in rules.values())


def test_default_rules_of_the_cookbook_are_settings() -> None:
    (shown,) = blocks(COOKBOOK, "yaml")
    rules = settings_from(yaml.safe_load(shown)["inferspect"]).default_rules
    assert rules.pii.entities["PERSON"].action == "mask"


def test_the_rules_of_the_overview_are_valid() -> None:
    rules, *_ = blocks(OVERVIEW, "json")
    TenantRules.model_validate_json(rules)


def test_the_labelled_lines_of_the_overview_are_read(tmp_path: Path) -> None:
    _, lines = blocks(OVERVIEW, "json")
    file = tmp_path / "labelled.jsonl"
    file.write_text(lines, encoding="utf-8")
    assert [example.text[label.start : label.end] for example in read_labelled(file) for label in example.labels] == [
        "jane@example.com",
        "jane@example.com",
    ]


def test_the_overview_names_the_header() -> None:
    assert f"{NAME.decode()}: pii;way=" in OVERVIEW.read_text(encoding="utf-8")


@pytest.mark.usefixtures("_entities_as_before")
def test_the_recognizers_in_yaml_load_with_their_examples(tmp_path: Path) -> None:
    file = tmp_path / "recognizers.yaml"
    file.write_text(blocks(RECOGNIZERS, "yaml")[0], encoding="utf-8")
    plan = Plan(load_custom_recognizers(file))
    assert found(plan, "EMP-123456 pays with LC4242424242") == ["EMP-123456", "LC4242424242"]


def test_every_key_of_a_recognizer_is_documented() -> None:
    documented = {row[0].strip("`") for row in table_rows(RECOGNIZERS.read_text(encoding="utf-8"))}
    assert RecognizerDefinition.model_fields.keys() - documented == set()


def test_the_configuration_of_a_model_is_one_for_presidio() -> None:
    """The model itself need not be there."""
    shown = yaml.safe_load(blocks(RECOGNIZERS, "yaml")[1])
    mapping = shown["ner_model_configuration"]["model_to_presidio_entity_mapping"]
    assert set(mapping.values()) == {"PERSON", "LOCATION", "ORGANIZATION"}
    assert set(mapping.values()) < ENTITIES.keys()
    assert shown["models"][0].keys() == {"lang_code", "model_name"}


def test_the_classifier_is_one() -> None:
    shown: dict[str, Any] = {}
    exec(blocks(RECOGNIZERS, "python")[0], shown)  # noqa: S102  the page's own code
    findings = classified(shown["probabilities"], "attack at dawn")
    assert {finding.entity: finding.score for finding in findings} == {"CONTENT_VIOLENCE": 0.9, "CONTENT_HATE": 0.0}


def test_every_category_of_a_classifier_is_documented() -> None:
    page = RECOGNIZERS.read_text(encoding="utf-8")
    assert [category for category in CATEGORIES if f"`{category}`" not in page] == []


def test_the_recognizer_in_code_finds_what_it_says() -> None:
    shown: dict[str, Any] = {"__name__": "shown"}
    exec(blocks(RECOGNIZERS, "python")[1], shown)  # noqa: S102  the page's own code
    plan = Plan([shown["BadgeRecognizer"]()])
    assert found(plan, "badges B-123455 and B-123456") == ["B-123455"]
