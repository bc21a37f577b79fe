"""What the guardrails remember of one request, in memory only and for nobody else."""

from __future__ import annotations

from dataclasses import dataclass, field

from guardrails.pipeline.service import GuardrailService
from guardrails.placeholders.substitutions import Substitutions
from inferspect.context import RequestContext
from inferspect.tenancy import Tenant

NOTE = "guardrails"


@dataclass(slots=True)
class GuardrailState:
    """One request's placeholders, and marks of the answer's texts that were dealt with.

    Attributes:
        seen: hashes of texts, because LiteLLM hands the same answer over as different objects; of Python's keyed
            kind, because a provider must not be able to choose one.
    """

    tenant: Tenant
    substitutions: Substitutions = field(repr=False)
    seen: set[int] = field(default_factory=set)


def state_of(context: RequestContext | None, tenant: Tenant, service: GuardrailService) -> GuardrailState:
    """The request's state, begun where there is none yet."""
    state = None if context is None else context.notes.get(NOTE)
    if isinstance(state, GuardrailState):
        return state
    state = GuardrailState(tenant, Substitutions(service.minting(tenant.id)))
    if context is not None:
        context.notes[NOTE] = state
    return state
