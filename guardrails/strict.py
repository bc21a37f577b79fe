"""The strictest redaction there is, for texts that leave the store for files: whatever tenants' rules leave alone."""

from __future__ import annotations

import re

from guardrails.policy.policy import Policies
from guardrails.redaction.writing import redacted
from guardrails.scanning.budget import Budget
from guardrails.scanning.finding import Finding
from guardrails.scanning.plan import PLACEHOLDER
from guardrails.scanning.whole import whole_findings
from inferspect.configuration import load_configuration
from inferspect.extension import Redactor
from inferspect.settings import LaunchSettings
from inferspect.tenancy.entities import ENTITIES, GENERAL, PACKS
from inferspect.tenancy.rules import TenantRules

MINTED = re.compile(r"[_#][a-z2-7]{10}>\Z")
USUAL = frozenset({GENERAL, "vn"})  # what every tenant has; other countries' numbers are looked for in what these leave
BUDGET = Budget(base=5.0, per_kilobyte=0.5)  # nobody waits for it as for an answer


def strict_redactor(launch: LaunchSettings) -> Redactor:
    """Masks personal data, names, what the operator's own recognizers find, secrets, then what other countries have.

    No default rules and no allow-lists count. Of a placeholder that can be restored only its entity stays.

    Raises:
        ConfigurationError: the configuration is wrong, or a file of recognizers that it names.
    """
    policies = Policies(load_configuration(launch.inferspect_config).settings.guardrails)
    plans = [policy.plan for rules in (_rules(USUAL), _rules(PACKS - USUAL)) if (policy := policies.of(rules, "input"))]

    def redact(text: str, *, is_json: bool = False) -> str:
        for plan in plans:
            text = redacted(text, whole_findings(plan, text, BUDGET, is_json=is_json), _masked)
        return text

    return redact


def _rules(packs: frozenset[str]) -> TenantRules:
    """Rules that name each entity of some packs, so that opt-in ones count as well."""
    pii = {e.name: "mask" if e.pack in packs else "off" for e in ENTITIES.values() if e.guardrail == "pii"}
    off = {"enabled": False}
    return TenantRules.model_validate(
        {
            "pii": {"packs": sorted(packs - {GENERAL}), "entities": pii},
            "secrets": {"enabled": GENERAL in packs},
            "content_safety": off,
            "prompt_injection": off,
        }
    )


def _masked(finding: Finding, value: str) -> str:
    return MINTED.sub(">", value) if finding.entity == PLACEHOLDER else f"<{finding.entity}>"
