"""How a guardrail leaves its verdict, and how it refuses."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inferspect.context import RequestContext, Verdict
    from inferspect.refusal import Refusal

SEVERITY = {decision: severity for severity, decision in enumerate(("pass", "report", "modify", "block"))}


def leave(context: RequestContext | None, verdict: Verdict) -> None:
    """Add a verdict to a request; one guardrail has one verdict for each direction, however often it looked."""
    if context is None:
        return
    verdict = replace(verdict, started=time.perf_counter() - context.started - verdict.seconds)
    for index, earlier in enumerate(context.verdicts):
        if (earlier.guardrail, earlier.direction) == (verdict.guardrail, verdict.direction):
            context.verdicts[index] = _together(earlier, verdict)
            return
    context.verdicts.append(verdict)


def _together(earlier: Verdict, later: Verdict) -> Verdict:
    severest = max(earlier, later, key=lambda verdict: SEVERITY[verdict.decision])
    return replace(
        severest,
        counts=dict(Counter(earlier.counts) + Counter(later.counts)),
        code=severest.code or earlier.code or later.code,
        seconds=earlier.seconds + later.seconds,
        started=earlier.started,
    )


def refuse(context: RequestContext | None, refusal: Refusal) -> Refusal:
    """Remember a refusal where there is a context; returns it, to be raised."""
    return refusal if context is None else context.refuse(refusal)
