"""From rules to what is looked for, and what happens to it."""

from typing import Any

import pytest

from guardrails.policy.plans import plan_of
from guardrails.policy.policy import Policies, Treatment, Way
from guardrails.scanning.budget import Budget
from guardrails.scanning.whole import whole_findings
from inferspect.settings import GuardrailSettings
from inferspect.tenancy.rules import TenantRules


@pytest.fixture
def policies() -> Policies:
    return Policies(GuardrailSettings())


def rules_of(**rules: Any) -> TenantRules:
    return TenantRules.model_validate(rules)


def thresholds(policies: Policies, rules: TenantRules, way: Way = "input") -> dict[str, float]:
    policy = policies.of(rules, way)
    assert policy is not None
    return dict(policy.spec.thresholds)


def test_equal_rules_have_one_plan(policies: Policies) -> None:
    """Tenants that differ in other things share what is costly to make."""
    one, other = (policies.of(rules_of(models={"allowed": [name]}), "input") for name in ("a", "b"))
    assert one is not None
    assert other is not None
    assert one is not other
    assert one.plan is other.plan is plan_of(one.spec)


def test_a_policy_is_made_once_for_its_rules(policies: Policies) -> None:
    """As the same object of rules comes with each request of a tenant."""
    rules = rules_of()
    assert policies.of(rules, "input") is policies.of(rules, "input")
    assert policies.of(rules, "output") is not policies.of(rules, "input")


@pytest.mark.parametrize("way", ["input", "output"])
def test_nothing_to_look_for_is_no_policy(policies: Policies, way: Way) -> None:
    """Where all guardrails are off, or do not look in this direction."""
    names = ("pii", "secrets", "content_safety", "prompt_injection")
    assert policies.of(rules_of(**{name: {"enabled": False} for name in names}), way) is None
    if way == "output":
        assert policies.of(rules_of(**{name: {"output": False} for name in names}), way) is None


@pytest.mark.parametrize(
    ("entity", "rules", "looked_for"),
    [
        ("EMAIL_ADDRESS", {}, True),
        ("EMAIL_ADDRESS", {"entities": {"EMAIL_ADDRESS": "off"}}, False),
        ("EMAIL_ADDRESS", {"action": "off"}, False),
        ("EMAIL_ADDRESS", {"entities": {"EMAIL_ADDRESS": {"direction": "output"}}}, False),
        ("PERSON", {}, False),
        ("PERSON", {"entities": {"PERSON": "mask"}}, True),
        ("VN_CCCD", {}, True),
        ("VN_CCCD", {"packs": []}, False),
        ("UK_NHS", {}, False),
        ("UK_NHS", {"packs": ["uk"]}, True),
        ("UK_NHS", {"entities": {"UK_NHS": "block"}}, True),
    ],
)
def test_entities_are_looked_for_by_default_pack_or_name(
    policies: Policies, entity: str, rules: dict[str, Any], looked_for: bool
) -> None:
    """One that is opt-in, or of a country, where rules ask for it."""
    assert (entity in thresholds(policies, rules_of(pii=rules))) is looked_for


def test_thresholds_are_the_entitys_or_the_guardrails(policies: Policies) -> None:
    """Also one of 0, which is a threshold like any other."""
    entities = {"IP_ADDRESS": {"score_threshold": 0.9}, "US_SSN": {"score_threshold": 0}}
    found = thresholds(policies, rules_of(pii={"score_threshold": 0.6, "entities": entities}))
    assert (found["EMAIL_ADDRESS"], found["IP_ADDRESS"], found["US_SSN"]) == (0.6, 0.9, 0)


def test_every_entity_of_a_plan_has_a_treatment(policies: Policies) -> None:
    """So that whatever is found is decided about."""
    policy = policies.of(rules_of(pii={"packs": ["us", "uk", "vn"]}), "input")
    assert policy is not None
    assert {name for name, _ in policy.spec.thresholds} == set(policy.treatments)
    assert policy.treatments["EMAIL_ADDRESS"] == Treatment("pii", "mask", dry_run=False)
    assert policy.treatments["CONTENT_HATE"] == Treatment("content_safety", "block", dry_run=True)


@pytest.mark.parametrize(
    ("allow", "found"),
    [
        ({}, ["jane@example.com", "ada@example.org"]),
        ({"values": [" JANE@example.com "]}, ["ada@example.org"]),
        ({"patterns": [r".*@example\.com"]}, ["ada@example.org"]),
        ({"patterns": ["jane"]}, ["jane@example.com", "ada@example.org"]),
        ({"patterns": [".*"]}, []),
    ],
)
def test_what_is_allowed_is_not_found(policies: Policies, allow: dict[str, Any], found: list[str]) -> None:
    """By value without regard to case, or by a pattern of the whole value."""
    text = "jane@example.com, ada@example.org"
    policy = policies.of(rules_of(pii={"allow": allow}), "input")
    assert policy is not None
    assert [
        text[finding.start : finding.end] for finding, _ in whole_findings(policy.plan, text, Budget(60, 60))
    ] == found


def test_what_one_guardrail_allows_another_does_not(policies: Policies) -> None:
    """An allow-list is a guardrail's own."""
    policy = policies.of(rules_of(secrets={"allow": {"patterns": [".*"]}}), "input")
    assert policy is not None
    found = whole_findings(policy.plan, "jane@example.com", Budget(60, 60))
    assert [finding.entity for finding, _ in found] == ["EMAIL_ADDRESS"]
