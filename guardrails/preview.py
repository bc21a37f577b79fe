"""What the guardrails would do with a text: for the command line and the API, by the same way as for requests."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any

from guardrails.pipeline.service import GuardrailService
from guardrails.placeholders.substitutions import Substitutions
from guardrails.policy.policy import Way
from guardrails.redaction.redaction import Redaction
from guardrails.redaction.writing import redacted
from guardrails.scanning.plan import PLACEHOLDER
from inferspect.context import Verdict
from inferspect.tenancy.rules import TenantRules


@dataclass(frozen=True, slots=True)
class Span:
    """One finding; ``start`` and ``end`` count characters of the text."""

    guardrail: str
    entity: str
    start: int
    end: int
    score: float
    validated: bool
    action: str
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """What would become of a text.

    Attributes:
        text: as the provider, or for answers the client, would get it; ``None`` where it would be refused.
        refusal: code and message of the refusal.
    """

    text: str | None
    refusal: dict[str, str] | None
    spans: list[Span]
    verdicts: list[Verdict]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def preview(
    service: GuardrailService, tenant_id: str, rules: TenantRules, text: str, way: Way = "input", source: str = "user"
) -> Preview:
    """Look through a text by a tenant's rules.

    Args:
        source: whose text it is: ``user``, ``system``, ``assistant``, ``tool`` or ``document``.

    Raises:
        BudgetExceededError: the text takes too long.
    """
    policy = service.policies.of(rules, way)
    if policy is None:
        return Preview(text, None, [], [])
    began = time.perf_counter()
    minting = service.minting(tenant_id)
    redaction = Redaction(policy, minting, Substitutions(minting))
    found = await service.finder.find(policy.spec, policy.plan, text, is_json=False)
    counted = redaction.counted(found, source)
    after = redacted(text, counted, redaction.replace)
    refusal = redaction.refusal()
    spans = [
        Span(
            treatment.guardrail,
            finding.entity,
            finding.start,
            finding.end,
            round(finding.score, 3),
            finding.validated,
            treatment.action,
            treatment.dry_run,
        )
        for finding, _ in counted
        if finding.entity != PLACEHOLDER and (treatment := policy.treatments[finding.entity])
    ]
    return Preview(
        None if refusal else after,
        {"code": refusal.code, "message": refusal.message} if refusal else None,
        spans,
        redaction.verdicts(time.perf_counter() - began),
    )
