"""Guarding a whole answer."""

from __future__ import annotations

import copy
from typing import Any

from guardrails.content import drop_token_probabilities, response_texts
from guardrails.content.copies import refresh_response_copies
from guardrails.pipeline.memory import id_of_response, remember
from guardrails.pipeline.passes import looked_through, note_failure
from guardrails.pipeline.service import service
from guardrails.pipeline.state import state_of
from guardrails.pipeline.texts import redact_answer, restore_answer
from guardrails.redaction.redaction import Redaction
from inferspect.context import RequestContext
from inferspect.refusal import Refusal
from inferspect.tenancy import Tenant


async def redact_whole(
    context: RequestContext | None, tenant: Tenant, request: dict[str, Any], response: Any
) -> Refusal | None:
    """Redact an answer where it stands; returns the reason where it must not be given."""
    here = service()
    policy = here.policies.of(tenant.rules, "output")
    if policy is None:
        return None
    state = state_of(context, tenant, here)
    redaction = Redaction(policy, here.minting(tenant.id), state.substitutions)
    work = redact_answer(here, state, redaction, response_texts(response))
    failure = await looked_through(redaction, work, context)
    if failure is None and redaction.changed:
        drop_token_probabilities(response)
        refresh_response_copies(request, response)
    return failure or redaction.refusal()


async def restored(context: RequestContext | None, tenant: Tenant, request: dict[str, Any], response: Any) -> Any:
    """The answer as the client is to see it: its own values in place of placeholders.

    A copy, as LiteLLM goes on to log and cache the object it handed over.
    """
    here = service()
    state = state_of(context, tenant, here)
    if not state.substitutions:
        return response
    policy = here.policies.restoring(tenant.rules)
    redaction = Redaction(policy, here.minting(tenant.id), state.substitutions, restores=True)
    answer = copy.deepcopy(response)
    try:
        await restore_answer(here, redaction, response_texts(answer))
        await remember(here, state, request, id_of_response(answer))
    except Exception as error:  # noqa: BLE001  the client gets the error; the answer was paid for, but is not whole
        raise note_failure(redaction, error, 0.0, context) from None
    return answer
