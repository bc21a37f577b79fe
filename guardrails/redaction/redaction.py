"""One pass of a policy over the texts of a request or an answer, and what came of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from guardrails.placeholders.minting import Minting
from guardrails.placeholders.substitutions import Substitutions
from guardrails.policy.policy import INJECTION, Policy, Treatment
from guardrails.prompt_injection.risk import risk
from guardrails.redaction.reasons import blocked
from guardrails.scanning.finding import Finding
from guardrails.scanning.plan import PLACEHOLDER
from guardrails.scanning.whole import Located
from inferspect.context import Decision, Verdict
from inferspect.refusal import Refusal
from inferspect.tenancy.entities import Guardrail

HIDDEN = Finding("INJECTION_HIDDEN", 0, 0, 0.8)
UNTRUSTED = frozenset({"tool", "document"})
JUDGED = frozenset({"user", *UNTRUSTED})


class Redaction:
    """Decides about each finding and keeps count.

    Args:
        policy: what happens to which entity.
        minting: writes placeholders and hashes of this tenant.
        substitutions: of this request; requests add to it, answers are restored from it.
        restores: whether placeholders are replaced by what they stand for.

    Attributes:
        changed: whether a value was replaced.
    """

    def __init__(
        self,
        policy: Policy,
        minting: Minting,
        substitutions: Substitutions,
        *,
        restores: bool = False,
    ) -> None:
        self.policy = policy
        self.changed = False
        self._minting = minting
        self._substitutions = substitutions
        self._restores = restores
        self._counts: dict[Guardrail, Counter[str]] = {name: Counter() for name in policy.guardrails}
        self._decisions: dict[Guardrail, set[Decision]] = {name: set() for name in policy.guardrails}
        self._blocked: dict[Guardrail, set[str]] = {name: set() for name in policy.guardrails}

    def replace(self, finding: Finding, value: str) -> str | None:
        """What is to stand in place of a value; ``None`` to leave it. Values to be blocked are masked too."""
        if finding.entity == PLACEHOLDER:
            return self._substitutions.restore(value) if self._restores else None
        treatment = self._applied(finding.entity)
        if treatment is None:
            return None
        if treatment.action == "hash":
            return self._minting.hashed(finding.entity, value)
        if treatment.action == "reversible" and self.policy.way == "input":
            return self._substitutions.substitute(finding.entity, value)
        return f"<{finding.entity}>"

    def identifier(self, found: Sequence[Located], identifier: str) -> str:
        """What is to stand in place of an identifier in which something was found.

        Where a value in it must go, that is the hash of the whole, whatever else the rules make of the value: two users
        stay two, and no answer brings the value back.
        """
        gone = [
            finding.entity for finding, _ in found if finding.entity != PLACEHOLDER and self._applied(finding.entity)
        ]
        return self._minting.hashed(gone[0], identifier) if gone else identifier

    def _applied(self, entity: str) -> Treatment | None:
        """Count a finding and note what happens to it; ``None`` where it is left."""
        treatment = self.policy.treatments[entity]
        self._counts[treatment.guardrail][entity] += 1
        if treatment.dry_run or treatment.action == "report":
            self._note(treatment.guardrail, "report")
            return None
        self.changed = True
        if treatment.action == "block":
            self.block(treatment.guardrail, entity)
        else:
            self._note(treatment.guardrail, "modify")
        return treatment

    def counted(self, found: Sequence[Located], source: str, *, hides: bool = False) -> Sequence[Located]:
        """The findings of one text that count; faint signs of an attack do only where they amount to one.

        Args:
            found: in the text.
            source: who wrote it.
            hides: whether it holds invisible text, which has no place that could be masked.
        """
        signs = {located for located in found if self._is_sign(located[0].entity)}
        hides = hides and HIDDEN.entity in self.policy.treatments
        if not signs and not hides:
            return found
        rules = self.policy.rules.prompt_injection
        least = rules.untrusted_threshold if source in UNTRUSTED else rules.score_threshold
        together = risk([*(finding for finding, _ in signs), *([HIDDEN] if hides else [])])
        if source not in JUDGED or together < least:
            return [located for located in found if located not in signs]
        if hides:
            self.object_to(HIDDEN.entity)
        return found

    def _is_sign(self, entity: str) -> bool:
        treatment = self.policy.treatments.get(entity)
        return treatment is not None and treatment.guardrail == INJECTION

    def weigh(self, finding: Finding) -> None:
        """Object to a whole text where a classifier's finding about it is strong enough."""
        if finding.score >= dict(self.policy.spec.thresholds).get(finding.entity, math.inf):
            self.object_to(finding.entity)

    def object_to(self, entity: str) -> None:
        """Count what was found in a whole text: it cannot be masked, so it blocks unless it is only to be reported."""
        treatment = self.policy.treatments.get(entity)
        if treatment is None:
            return
        self._counts[treatment.guardrail][entity] += 1
        if treatment.dry_run or treatment.action == "report":
            self._note(treatment.guardrail, "report")
        else:
            self.block(treatment.guardrail, entity)

    def note_unreadable(self, kind: str, count: int, action: str) -> None:
        """Content that cannot be looked into, such as ``IMAGES``; ``action`` is what the rules say about it."""
        if not count or action == "pass" or "pii" not in self._counts:
            return
        self._counts["pii"][kind] += count
        if action == "report" or self.policy.rules.pii.dry_run:
            self._note("pii", "report")
        else:
            self.block("pii", kind)

    def block(self, guardrail: Guardrail, entity: str) -> None:
        """Refuse what is looked at because of ``entity``."""
        self._blocked[guardrail].add(entity)
        self._note(guardrail, "block")

    def refusal(self) -> Refusal | None:
        """The refusal of the first guardrail that blocks, naming entities and never values."""
        return next((self._refusal_of(name) for name in self._blocked if self._blocked[name]), None)

    def verdicts(self, seconds: float) -> list[Verdict]:
        """One verdict of each guardrail; ``seconds`` is what the one pass of all took."""
        return [
            Verdict(
                guardrail,
                self._decision(guardrail),
                self.policy.way,
                counts=dict(self._counts[guardrail]),
                code=self._refusal_of(guardrail).code if self._blocked[guardrail] else None,
                seconds=seconds,
                dry_run=getattr(self.policy.rules, guardrail).dry_run,
            )
            for guardrail in self.policy.guardrails
        ]

    def _refusal_of(self, guardrail: Guardrail) -> Refusal:
        return blocked(guardrail, "request" if self.policy.way == "input" else "answer", self._blocked[guardrail])

    def _note(self, guardrail: Guardrail, decision: Decision) -> None:
        self._decisions[guardrail].add(decision)

    def _decision(self, guardrail: Guardrail) -> Decision:
        order: tuple[Decision, ...] = ("block", "modify", "report")
        return next((decision for decision in order if decision in self._decisions[guardrail]), "pass")
