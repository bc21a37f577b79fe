"""Guarding a request."""

from __future__ import annotations

from typing import Any

from guardrails.content import request_texts
from guardrails.content.copies import let_hooks_see_answer, refresh_request_copies
from guardrails.pipeline.gateway_tools import refusal_of_gateway_tools
from guardrails.pipeline.identifiers import redact_identifiers
from guardrails.pipeline.logs import keep_out_of_cache
from guardrails.pipeline.memory import recall
from guardrails.pipeline.names import refusal_of_model
from guardrails.pipeline.opinions import ask_opinions
from guardrails.pipeline.passes import looked_through
from guardrails.pipeline.service import service
from guardrails.pipeline.state import state_of
from guardrails.pipeline.texts import redact_request
from guardrails.redaction.redaction import Redaction
from inferspect.context import RequestContext
from inferspect.refusal import Refusal
from inferspect.tenancy import Tenant


async def redact(
    context: RequestContext | None, tenant: Tenant, data: dict[str, Any], call_type: str
) -> Refusal | None:
    """Redact a request where it stands; returns the reason where it must not go on."""
    if refusal := await refusal_of_gateway_tools(tenant, data):
        return refusal
    here = service()
    let_hooks_see_answer(data, call_type)
    is_streamed = bool(data.get("stream")) or call_type.endswith("_stream")
    if is_streamed and here.policies.of(tenant.rules, "output") is not None:
        keep_out_of_cache(data)
    policy = here.policies.of(tenant.rules, "input")
    if context is not None:
        await redact_identifiers(here, policy, here.minting(tenant.id), context, data)
        if refusal := refusal_of_model(context, data):
            return refusal
    if policy is None:
        return None
    state = state_of(context, tenant, here)
    redaction = Redaction(policy, here.minting(tenant.id), state.substitutions)

    async def work() -> None:
        await recall(here, state, data)
        await ask_opinions(here, redaction, await redact_request(here, state, redaction, request_texts(data)))

    failure = await looked_through(redaction, work(), context)
    if failure is None and redaction.changed:
        refresh_request_copies(data)
    return failure or redaction.refusal()


async def look_through_names(context: RequestContext, tenant: Tenant, data: dict[str, Any]) -> None:
    """Look through what a request calls itself and others that was refused before :func:`redact` came to it."""
    here = service()
    await redact_identifiers(here, here.policies.of(tenant.rules, "input"), here.minting(tenant.id), context, data)
    refusal_of_model(context, data)
