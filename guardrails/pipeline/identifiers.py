"""What a client calls its user, session and tags: kept with the event and in traces, so it must tell nothing personal.

Headers hold some of it, which go to no provider and are not content; so it is looked through by itself, where the
request's context has it. A name that holds something to be masked is hashed as a whole: two users stay two.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import structlog

from guardrails.pipeline.names import names_of
from guardrails.pipeline.service import GuardrailService
from guardrails.placeholders.minting import Minting
from guardrails.policy.policy import Policy
from inferspect.context import RequestContext
from inferspect.events.withheld import forms_of

log = structlog.get_logger("guardrails")

SESSIONS = frozenset({"litellm_session_id", "litellm_trace_id", "session_id"})


async def redact_identifiers(
    service: GuardrailService,
    policy: Policy | None,
    minting: Minting,
    context: RequestContext,
    request: dict[str, Any] | None = None,
) -> None:
    """Hash the identifiers of the context that hold what the policy masks or blocks, and let the rest be kept.

    Names in the context and the request are noted as withheld where they hold such. None is kept where they cannot be
    looked through.
    """
    if policy is not None:
        try:
            await _redact(service, policy, minting, context, request or {})
        except Exception as error:  # noqa: BLE001  whatever went wrong, they were not looked through
            log.error("identifiers of a request are not kept", reason=type(error).__name__)
            return
    context.identifiers_checked = True


async def _redact(
    service: GuardrailService, policy: Policy, minting: Minting, context: RequestContext, request: dict[str, Any]
) -> None:
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
    for holder, name in _kept_by_litellm(request):
        holder[name] = await checked(holder[name])
    for name in names_of(context, request):
        if (shown := await checked(name)) and shown != name:
            context.withheld |= dict.fromkeys(forms_of(name), shown)


def _kept_by_litellm(request: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Where LiteLLM has put what headers and fields say of sessions and tags; no provider gets any of it."""
    holders = [request, request.get("metadata"), request.get("litellm_metadata")]
    if (logging := request.get("litellm_logging_obj")) is not None:
        holders += [vars(logging), logging.model_call_details]
    for holder in (holder for holder in holders if isinstance(holder, dict)):
        for name in SESSIONS & holder.keys():
            if isinstance(holder[name], str):
                yield holder, name
        if isinstance(tags := holder.get("tags"), list):
            yield from ((tags, index) for index, tag in enumerate(tags) if isinstance(tag, str))
