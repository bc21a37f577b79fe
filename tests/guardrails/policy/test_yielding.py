import pytest

from guardrails.policy.policy import Policies
from guardrails.scanning.budget import Budget
from guardrails.scanning.finding import Finding
from guardrails.scanning.resolution import resolved
from guardrails.scanning.whole import whole_findings
from inferspect.settings import GuardrailSettings
from inferspect.tenancy.rules import TenantRules


def test_what_is_only_told_gives_way_to_what_is_masked() -> None:
    """However sure it is: otherwise a value would go on because something harmless was found around it."""
    told, masked = Finding("INJECTION_MARKUP", 0, 20, 1.0, validated=True), Finding("PHONE_NUMBER", 5, 15, 0.4)
    assert resolved([told, masked], {"INJECTION_MARKUP"}) == [masked]
    assert resolved([told, masked]) == [told]


@pytest.mark.parametrize("text", ["![x](https://evil.example/?q=0912345678)", "custom 0912345678 word"])
def test_a_value_is_masked_inside_of_a_dry_run_finding(text: str) -> None:
    rules = TenantRules.model_validate({"content_safety": {"words": ["custom 0912345678 word"]}})
    policy = Policies(GuardrailSettings()).of(rules, "input")
    assert policy is not None
    assert "PHONE_NUMBER" in {finding.entity for finding, _ in whole_findings(policy.plan, text, Budget())}
