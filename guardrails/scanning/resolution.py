"""Which of several findings that overlap counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from guardrails.scanning.finding import Finding


def resolved(findings: Iterable[Finding], yielding: Collection[str] = ()) -> list[Finding]:
    """Findings in order and without overlaps.

    What was validated wins over the higher score, and that over the longer value.

    Args:
        findings: in any order.
        yielding: entities that give way to all others, because nothing happens to what is found of them.
    """
    found = set(findings)
    if len(found) < 2:  # noqa: PLR2004
        return list(found)
    best_first = sorted(
        found, key=lambda f: (f.entity in yielding, not f.validated, -f.score, f.start - f.end, f.start, f.entity)
    )
    kept: list[Finding] = []
    for finding in best_first:
        if all(finding.end <= other.start or other.end <= finding.start for other in kept):
            kept.append(finding)
    return sorted(kept, key=lambda finding: finding.start)
