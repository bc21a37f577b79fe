"""What a client calls its user, session and tags: kept with the event and in traces, so it must tell nothing personal.

Headers hold some of it, which go to no provider and are not content; so it is looked through by itself, where the
request's context has it. A name that holds something to be masked is hashed as a whole: two users stay two.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from guardrails.pipeline.service import GuardrailService
from guardrails.placeholders.minting import Minting
from guardrails.policy.policy import Policy
from inferspect.context import RequestContext

log = structlog.get_logger("guardrails")


async def redact_identifiers(
    service: GuardrailService, policy: Policy | None, minting: Minting, context: RequestContext
) -> None:
    """Hash the identifiers of the context that hold what the policy masks or blocks, and let the rest be kept.

    None is kept where they cannot be looked through.
    """
    if policy is not None:
        try:
            await _redact(service, policy, minting, context)
        except Exception as error:  # noqa: BLE001  whatever went wrong, they were not looked through
            log.error("identifiers of a request are not kept", reason=type(error).__name__)
            return
    context.identifiers_checked = True


async def _redact(service: GuardrailService, policy: Policy, minting: Minting, context: RequestContext) -> None:
    async def checked(text: str | None) -> str | None:
        if not text:
            return text
        for finding, _ in await service.finder.find(policy.spec, policy.plan, text):
            treatment = policy.treatments.get(finding.entity)
            if treatment is not None and not (treatment.dry_run or treatment.action == "report"):
                return minting.hashed(finding.entity, text)
        return text

    trace = context.trace
    context.end_user = await checked(context.end_user)
    context.trace = replace(
        trace,
        session_id=await checked(trace.session_id),
        name=await checked(trace.name),
        tags=tuple([tag for tag in [await checked(tag) for tag in trace.tags] if tag]),
        release=await checked(trace.release),
        environment=await checked(trace.environment),
    )
