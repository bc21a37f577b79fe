"""``POST /api/v1/guardrails/preview``: what a tenant's guardrails would do with a text, for its administrators."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI
from litellm.proxy._types import LiteLLMRoutes, LitellmUserRoles, UserAPIKeyAuth
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth
from pydantic import BaseModel, ConfigDict, Field

from guardrails.pipeline.service import service
from guardrails.preview import Source, preview
from guardrails.scanning.budget import BudgetExceededError
from guardrails.scanning.pool_process import PoolError
from inferspect.refusal import Refusal
from inferspect.runtime import running
from inferspect.tenancy import InvalidRules, Tenant

PATH = "/api/v1/guardrails/preview"
LONGEST_TEXT = 200_000
DEFAULT_TENANT = "default"
Caller = Annotated[UserAPIKeyAuth, Depends(user_api_key_auth)]

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


def mount(app: FastAPI) -> None:
    """Add the route, and have LiteLLM leave it to the route who may call it: it keeps others for administrators."""
    own_rights = LiteLLMRoutes.self_managed_routes.value
    if PATH not in own_rights:
        own_rights.append(PATH)
    app.include_router(router)


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


async def _tenant(request: PreviewRequest, caller: UserAPIKeyAuth) -> Tenant:
    is_platform_admin = caller.user_role == LitellmUserRoles.PROXY_ADMIN
    tenant_id = request.tenant_id or (DEFAULT_TENANT if is_platform_admin else caller.team_id)
    if not is_platform_admin and (tenant_id is None or tenant_id != caller.team_id):
        raise _not_admin()
    alias, metadata = None, None
    if tenant_id != DEFAULT_TENANT:
        team = await _team(tenant_id)
        if not is_platform_admin and not _is_administrator(team, caller.user_id):
            raise _not_admin()
        alias, metadata = team.team_alias, team.metadata
    if request.rules is None:
        return running().tenants.find(tenant_id, alias, metadata)
    try:
        return running().tenants.find(tenant_id, alias, {"inferspect": request.rules})
    except InvalidRules as invalid:
        problems = "; ".join(invalid.problems)
        raise Refusal(400, "tenant_rules_invalid", f"The rules to try are invalid: {problems}.", "rules") from None


async def _team(tenant_id: str) -> Any:
    """A team as LiteLLM has it."""
    from litellm.proxy import proxy_server  # noqa: PLC0415  set up after this module is loaded
    from litellm.proxy.auth.auth_checks import get_team_object  # noqa: PLC0415  as above

    try:
        return await get_team_object(tenant_id, proxy_server.prisma_client, proxy_server.user_api_key_cache)
    except Exception:  # noqa: BLE001  LiteLLM tells an unknown team by exceptions of several kinds
        raise Refusal(404, "tenant_not_found", "There is no such tenant.", "tenant_id") from None


def _is_administrator(team: Any, user_id: str | None) -> bool:
    return user_id is not None and any(
        member.user_id == user_id and member.role == "admin" for member in team.members_with_roles
    )


def _not_admin() -> Refusal:
    return Refusal(403, "not_tenant_admin", "This needs a key of an administrator of the tenant.")
