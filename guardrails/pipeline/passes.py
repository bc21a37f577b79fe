"""One pass of the guardrails: timed, told, and closed to whatever could not be looked through."""

from __future__ import annotations

import time
from collections.abc import Awaitable

import structlog

from guardrails.judge import JudgeUnavailable
from guardrails.metrics import count
from guardrails.redaction.redaction import Redaction
from guardrails.scanning.budget import BudgetExceededError
from guardrails.verdicts import leave
from inferspect.context import RequestContext, Verdict
from inferspect.refusal import Refusal

log = structlog.get_logger("guardrails")


async def looked_through(
    redaction: Redaction, work: Awaitable[bool | None], context: RequestContext | None
) -> Refusal | None:
    """Do the work and leave verdicts; returns a refusal where it failed, so that nothing unscanned goes on.

    Args:
        work: gives true where an earlier pass has done and told all of it, so that nothing is counted twice.
    """
    began = time.perf_counter()
    try:
        is_told = await work
    except Exception as error:  # noqa: BLE001  whatever went wrong, the content was not looked through
        return note_failure(redaction, error, time.perf_counter() - began, context)
    if not is_told:
        tell(redaction.verdicts(time.perf_counter() - began), context)
    return None


def tell(verdicts: list[Verdict], context: RequestContext | None) -> None:
    """Leave the verdicts of a pass to the event, the response's header and the metrics."""
    count(verdicts)
    for verdict in verdicts:
        leave(context, verdict)


def note_failure(redaction: Redaction, error: Exception, seconds: float, context: RequestContext | None) -> Refusal:
    """The refusal for content that could not be looked through, after telling log and verdicts."""
    way = redaction.policy.way
    what = "request" if way == "input" else "answer"
    # Not the message, nor a traceback with values: either may quote the content.
    log.error("the guardrails could not look through content", way=way, reason=type(error).__name__)
    refusal = _refusal(error, what)
    guardrails = redaction.policy.guardrails
    tell([Verdict(name, "block", way, code=refusal.code, seconds=seconds) for name in guardrails], context)
    return refusal


def _refusal(error: Exception, what: str) -> Refusal:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, (BudgetExceededError, TimeoutError)):
        return Refusal(
            400,
            "guardrail_budget_exceeded",
            f"The {what} holds a text that takes too long to look through. Send it in smaller parts, or without long "
            "rows of digits and signs.",
        )
    if isinstance(error, JudgeUnavailable):
        return Refusal(
            503, "guardrail_judge_unavailable", f"The model that judges the {what} gave no answer. Try again."
        )
    return Refusal(
        500,
        "guardrail_error",
        f"The guardrails could not look through the {what} and let none of it through. "
        "Try again; if it happens again, tell the gateway's operator.",
    )
