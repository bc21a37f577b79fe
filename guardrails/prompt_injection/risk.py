"""What the findings in a text make together."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from guardrails.scanning.finding import Finding

PREFIX = "INJECTION_"
SURE = 0.99


def risk(findings: Iterable[Finding]) -> float:
    """How likely a text is an injection, from 0 to 1: a noisy-or over the best finding of each kind.

    Each kind of attack is taken as a cause of its own, so that two weak signs of different kinds count for more than
    either (.4 and .4 make .64), while the same sign repeated does not. Findings of other guardrails do not count.

    Source: Pearl, Probabilistic Reasoning in Intelligent Systems (1988), section 4.3.2.
    """
    best: dict[str, float] = {}
    for finding in findings:
        if finding.entity.startswith(PREFIX):
            best[finding.entity] = max(best.get(finding.entity, 0.0), finding.score)
    return 1.0 - prod(1.0 - min(score, SURE) for score in best.values())
