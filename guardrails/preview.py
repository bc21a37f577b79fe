"""What the guardrails would do with a text: for the command line and the API, by the same way as for requests.

Opinions on whole texts are not asked for: neither of the operator's classifier nor of a model as judge.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Literal

from guardrails.placeholders.minting import Minting
from guardrails.placeholders.substitutions import Substitutions
from guardrails.policy.policy import Policies, Way
from guardrails.prompt_injection.hidden import hidden_text
from guardrails.redaction.redaction import Redaction
from guardrails.redaction.writing import redacted
from guardrails.scanning.finder import Finder
from guardrails.scanning.plan import PLACEHOLDER
from inferspect.context import Verdict
from inferspect.tenancy.rules import TenantRules

Source = Literal["user", "system", "assistant", "tool", "document"]


@dataclass(frozen=True, slots=True)
class Span:
    """One finding; ``start`` and ``end`` count characters of the text.

    Attributes:
        score: confidence from 0 to 1, after what stands around the value.
        validated: whether a checksum, a registry or an exact grammar confirmed it.
        action: what the rules say about it; with ``dry_run`` it is not done.
    """

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
    policies: Policies,
    finder: Finder,
    minting: Minting,
    rules: TenantRules,
    text: str,
    *,
    way: Way = "input",
    source: Source = "user",
) -> Preview:
    """Look through a text by a tenant's rules.

    Args:
        minting: writes placeholders of the tenant.
        source: whose text it is; only attacks are judged by it.

    Raises:
        BudgetExceededError, TimeoutError: the text takes too long.
    """
    policy = policies.of(rules, way)
    if policy is None:
        return Preview(text, None, [], [])
    began = time.perf_counter()
    substitutions = Substitutions(minting)
    redaction = Redaction(policy, minting, substitutions)
    everything = await finder.find(policy.spec, policy.plan, text, is_json=False)
    found = redaction.counted(everything, source, hides=hidden_text(text))
    values = [finding for finding, _ in found if finding.entity != PLACEHOLDER]
    for finding, _ in found:
        if finding.entity == PLACEHOLDER:
            substitutions.typed(text[finding.start : finding.end])
    after = redacted(text, found, redaction.replace)
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
        for finding in values
        for treatment in [policy.treatments[finding.entity]]
    ]
    return Preview(
        None if refusal else after,
        {"code": refusal.code, "message": refusal.message} if refusal else None,
        spans,
        redaction.verdicts(time.perf_counter() - began),
    )
