"""``POST /api/v1/guardrails/preview``: what a tenant's guardrails would do with a text, for its administrators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from litellm.proxy._types import LitellmUserRoles, UserAPIKeyAuth
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth
from pydantic import BaseModel, ConfigDict, Field

from guardrails.pipeline.service import service
from guardrails.preview import preview
from guardrails.scanning.budget import BudgetExceededError
from inferspect.refusal import Refusal
from inferspect.runtime import running
from inferspect.tenancy import Tenant

LONGEST_TEXT = 200_000
Caller = Annotated[UserAPIKeyAuth, Depends(user_api_key_auth)]

router = APIRouter(prefix="/api/v1/guardrails", tags=["guardrails"])


class PreviewRequest(BaseModel):
    """A text and whose rules to apply."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=LONGEST_TEXT)
    direction: Literal["input", "output"] = "input"
    source: Literal["user", "system", "assistant", "tool", "document"] = "user"
    tenant_id: str | None = Field(default=None, description="Team id; the key's own team where it is left out.")
    rules: dict[str, Any] | None = Field(
        default=None, description="Rules to try in place of the tenant's, as in `metadata.inferspect`."
    )


@router.post("/preview")
async def preview_text(request: PreviewRequest, caller: Caller) -> dict[str, Any]:
    """The spans found, what would become of the text, and the verdicts. Nothing is stored or sent on.

    Raises:
        Refusal: 403 ``not_tenant_admin``, 404 ``tenant_not_found``, ``tenant_rules_invalid``,
            ``guardrail_budget_exceeded``.
    """
    tenant = await _tenant(request, caller)
    try:
        shown = await preview(
            service(), tenant.id, tenant.rules, request.text, request.direction, source=request.source
        )
    except BudgetExceededError:
        raise Refusal(400, "guardrail_budget_exceeded", "The text takes too long to look through.", "text") from None
    return shown.as_json()


async def _tenant(request: PreviewRequest, caller: UserAPIKeyAuth) -> Tenant:
    tenant_id = request.tenant_id or caller.team_id
    is_platform_admin = caller.user_role == LitellmUserRoles.PROXY_ADMIN
    if not is_platform_admin and (tenant_id is None or tenant_id != caller.team_id):
        raise Refusal(403, "not_tenant_admin", "This needs a key of an administrator of the tenant.")
    alias, metadata = (None, None) if tenant_id in (None, "default") else await _team(str(tenant_id), caller)
    if request.rules is not None:
        metadata = {"inferspect": request.rules}
    return running().tenants.find(tenant_id, alias, metadata)


async def _team(tenant_id: str, caller: UserAPIKeyAuth) -> tuple[str | None, dict[str, Any] | None]:
    """Alias and metadata of a team whose administrator the caller is."""
    from litellm.proxy import proxy_server  # noqa: PLC0415  set up after this module is loaded
    from litellm.proxy.auth.auth_checks import get_team_object  # noqa: PLC0415  as above

    try:
        team = await get_team_object(tenant_id, proxy_server.prisma_client, proxy_server.user_api_key_cache)
    except Exception:  # noqa: BLE001  LiteLLM tells an unknown team by exceptions of several kinds
        raise Refusal(404, "tenant_not_found", "There is no such tenant.", "tenant_id") from None
    administrators = [member.user_id for member in team.members_with_roles if member.role == "admin"]
    if caller.user_role != LitellmUserRoles.PROXY_ADMIN and (not caller.user_id or caller.user_id not in administrators):
        raise Refusal(403, "not_tenant_admin", "This needs a key of an administrator of the tenant.")
    return team.team_alias, team.metadata
