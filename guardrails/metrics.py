"""What Prometheus may know of the guardrails: counts and seconds, by guardrail, direction, decision and entity.

No tenant, as their number has no bound; the events have it.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from inferspect.context import Verdict

VERDICTS = Counter(
    "inferspect_guardrail_verdicts_total", "Verdicts of guardrails.", ("guardrail", "direction", "decision", "dry_run")
)
FINDINGS = Counter(
    "inferspect_guardrail_findings_total", "Findings of guardrails.", ("guardrail", "direction", "entity")
)
SECONDS = Histogram(
    "inferspect_guardrail_seconds",
    "Seconds that looking through a request or an answer took, with all its guardrails.",
    ("direction",),
    buckets=(0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)


def count(verdicts: list[Verdict]) -> None:
    """Count the verdicts of one pass."""
    for verdict in verdicts:
        VERDICTS.labels(verdict.guardrail, verdict.direction, verdict.decision, str(verdict.dry_run).lower()).inc()
        for entity, number in verdict.counts.items():
            FINDINGS.labels(verdict.guardrail, verdict.direction, entity).inc(number)
    if verdicts:
        SECONDS.labels(verdicts[0].direction).observe(verdicts[0].seconds)
