"""The response header that tells a client what guardrails ran and what they did."""

from __future__ import annotations

from collections.abc import Iterator

from inferspect.context import RequestContext

NAME = b"x-inferspect-guardrails"


def guardrail_header(context: RequestContext) -> Iterator[tuple[bytes, bytes]]:
    """Such as ``pii;way=input;did=modify;found=2;ms=0.4, secrets;way=input;did=pass;found=0;ms=0.4``.

    A structured field (RFC 9651). What is found in a streamed answer is in the event only: headers leave before it.
    """
    told = [
        f"{verdict.guardrail};way={verdict.direction};did={verdict.decision};found={sum(verdict.counts.values())}"
        f";ms={verdict.seconds * 1000:.1f}{';dry-run' if verdict.dry_run else ''}"
        for verdict in context.verdicts
        if verdict.guardrail != "tenant_rules"
    ]
    if told:
        yield NAME, ", ".join(told).encode("ascii")
