"""A tenant's rules for guardrails, made ready to be applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from guardrails.policy.plans import Allowed, PlanSpec, plan_of
from guardrails.scanning.plan import Plan
from inferspect.settings import GuardrailSettings
from inferspect.tenancy.entities import ENTITIES, GENERAL, Guardrail
from inferspect.tenancy.guardrail_rules import (
    Action,
    ContentSafetyRules,
    EntityRule,
    GuardrailRules,
    PiiRules,
    PromptInjectionRules,
    SecretRules,
)
from inferspect.tenancy.rules import TenantRules

Way = Literal["input", "output"]
AnyRules = PiiRules | SecretRules | ContentSafetyRules | PromptInjectionRules
GUARDRAILS: tuple[Guardrail, ...] = ("pii", "secrets", "content_safety", "prompt_injection")
INJECTION: Guardrail = "prompt_injection"
# Attacks are weighed together for each text, so that faint findings count too.
FAINTEST_SIGN_OF_ATTACK = 0.1
NO_RULE = EntityRule()


@dataclass(frozen=True, slots=True)
class Treatment:
    """What happens to a finding.

    Attributes:
        dry_run: nothing happens; it is only told what would have.
    """

    guardrail: Guardrail
    action: Action
    dry_run: bool


@dataclass(frozen=True)
class Policy:
    """What is looked for in one direction, and what happens to it.

    Attributes:
        guardrails: those that look in this direction.
        treatments: by entity; all that the plan finds has one.
    """

    way: Way
    rules: TenantRules
    guardrails: tuple[Guardrail, ...]
    treatments: Mapping[str, Treatment]
    spec: PlanSpec

    @cached_property
    def plan(self) -> Plan:
        return plan_of(self.spec)


class Policies:
    """The policies of all tenants, each made once for as long as its rules live.

    Args:
        settings: where the operator's own recognizers are.
    """

    KEPT = 4096

    def __init__(self, settings: GuardrailSettings) -> None:
        self._settings = settings
        # By identity: a tenant directory gives the same object for the same rules. The rules are kept with their
        # policies, so that an identity is not used anew.
        self._made: dict[int, tuple[TenantRules, Policy | None, Policy | None]] = {}

    def of(self, rules: TenantRules, way: Way) -> Policy | None:
        """The policy in one direction; ``None`` where no guardrail looks.

        Raises:
            ValueError, OSError: see :func:`guardrails.policy.plans.plan_of`.
        """
        made = self._made.get(id(rules))
        if made is None:
            if len(self._made) >= self.KEPT:
                self._made.clear()
            made = self._made[id(rules)] = (rules, self._make(rules, "input"), self._make(rules, "output"))
        _, on_requests, on_answers = made
        return on_requests if way == "input" else on_answers

    def restoring(self, rules: TenantRules) -> Policy:
        """A policy that finds placeholders only."""
        return Policy("output", rules, (), {}, PlanSpec(()))

    def _make(self, rules: TenantRules, way: Way) -> Policy | None:
        looking = tuple(name for name in GUARDRAILS if _looks(getattr(rules, name), way))
        if not looking:
            return None
        found = {
            name: found for guardrail in looking for name, found in _entities(guardrail, getattr(rules, guardrail), way)
        }
        spec = PlanSpec(
            thresholds=tuple(sorted((name, threshold) for name, (_, threshold) in found.items())),
            allowed=tuple(
                Allowed(name, getattr(rules, name).allow.values, getattr(rules, name).allow.patterns)
                for name in looking
            ),
            words=rules.content_safety.words if "content_safety" in looking else (),
            yielding=tuple(sorted(name for name, (treatment, _) in found.items() if _only_tells(treatment))),
            custom=self._settings.recognizers,
            ner=self._settings.nlp_engine,
        )
        treatments = {name: treatment for name, (treatment, _) in found.items()}
        return Policy(way, rules, looking, treatments, spec)


def _only_tells(treatment: Treatment) -> bool:
    """Whether a finding leaves the text as it is, or may: signs of an attack count only together."""
    return treatment.dry_run or treatment.action == "report" or treatment.guardrail == INJECTION


def _looks(rules: GuardrailRules, way: Way) -> bool:
    return rules.enabled and (rules.input if way == "input" else rules.output)


def _entities(guardrail: Guardrail, rules: AnyRules, way: Way) -> Iterator[tuple[str, tuple[Treatment, float]]]:
    for entity in ENTITIES.values():
        if entity.guardrail != guardrail:
            continue
        named = rules.entities.get(entity.name)
        rule = named or NO_RULE
        in_pack = entity.pack == GENERAL or (isinstance(rules, PiiRules) and entity.pack in rules.packs)
        if named is None and (entity.opt_in or not in_pack):
            continue
        action = rule.action or rules.action
        if action == "off" or rule.direction not in ("both", way):
            continue
        if guardrail == INJECTION:
            threshold = rule.score_threshold or FAINTEST_SIGN_OF_ATTACK
        else:
            threshold = rules.score_threshold if rule.score_threshold is None else rule.score_threshold
        yield entity.name, (Treatment(guardrail, action, rules.dry_run), threshold)
