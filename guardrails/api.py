"""``POST /api/v1/guardrails/preview``: what a tenant's guardrails would do with a text, for its administrators."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from guardrails.pipeline.service import service
from guardrails.preview import Source, preview
from guardrails.scanning.budget import BudgetExceededError
from guardrails.scanning.pool_process import PoolError
from inferspect.http.tenant_access import Caller, administered
from inferspect.refusal import Refusal
from inferspect.runtime import running
from inferspect.tenancy import InvalidRules, Tenant

PATH = "/api/v1/guardrails/preview"
LONGEST_TEXT = 200_000

router = APIRouter(tags=["guardrails"])


class PreviewRequest(BaseModel):
    """A text and whose rules to apply."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=LONGEST_TEXT)
    direction: Literal["input", "output"] = "input"
    source: Source = "user"
    tenant_id: str | None = Field(
        default=None,
        description="Team id. Where it is left out: the key's own team, and for the platform administrator the "
        "default rules.",
    )
    rules: dict[str, Any] | None = Field(
        default=None, description="Rules to try in place of the tenant's, as in `metadata.inferspect`."
    )


@router.post(PATH)
async def preview_text(request: PreviewRequest, caller: Caller) -> dict[str, Any]:
    """The spans found, what would become of the text, and the verdicts. Nothing is stored or sent on.

    Raises:
        Refusal: 403 ``not_tenant_admin``, 404 ``tenant_not_found``, ``tenant_rules_invalid``, 400
            ``guardrail_budget_exceeded``, 500 ``guardrail_error``.
    """
    tenant = await _tenant(request, caller)
    here = service()
    try:
        shown = await preview(
            here.policies,
            here.finder,
            here.minting(tenant.id),
            tenant.rules,
            request.text,
            way=request.direction,
            source=request.source,
        )
    except (BudgetExceededError, TimeoutError):
        raise Refusal(400, "guardrail_budget_exceeded", "The text takes too long to look through.", "text") from None
    except PoolError:
        raise Refusal(500, "guardrail_error", "The guardrails could not look through the text. Try again.") from None
    return shown.as_json()


async def _tenant(request: PreviewRequest, caller: Caller) -> Tenant:
    team = await administered(caller, request.tenant_id)
    if request.rules is None:
        return running().tenants.find(team.id, team.alias, team.metadata)
    try:
        return running().tenants.find(team.id, team.alias, {"inferspect": request.rules})
    except InvalidRules as invalid:
        problems = "; ".join(invalid.problems)
        raise Refusal(400, "tenant_rules_invalid", f"The rules to try are invalid: {problems}.", "rules") from None
