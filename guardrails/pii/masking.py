"""Replacing what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guardrails.pii.finding import Finding


def mask(text: str, findings: Iterable[Finding]) -> str:
    """``text`` with each finding replaced by the name of its entity, such as ``<EMAIL_ADDRESS>``.

    Args:
        text: the text that was scanned.
        findings: without overlaps, as :func:`guardrails.pii.detection.detect` gives them; in any order.
    """
    pieces: list[str] = []
    position = 0
    for finding in sorted(findings, key=lambda finding: finding.start):
        pieces += text[position : finding.start], f"<{finding.entity}>"
        position = finding.end
    pieces.append(text[position:])
    return "".join(pieces)
