"""Who may use our own routes: the platform's administrators for all tenants, a tenant's administrators for theirs.

Imported only inside of LiteLLM's worker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI
from litellm.proxy._types import LiteLLMRoutes, LitellmUserRoles, UserAPIKeyAuth
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth

from inferspect.refusal import Refusal

DEFAULT_TENANT = "default"
Caller = Annotated[UserAPIKeyAuth, Depends(user_api_key_auth)]


@dataclass(frozen=True, slots=True)
class AdministeredTenant:
    """A tenant that the caller administers, as LiteLLM has its team."""

    id: str
    alias: str | None = None
    metadata: Any = None


def mount(app: FastAPI, router: APIRouter) -> None:
    """Add routes, and have LiteLLM leave it to them who may call: it keeps others for platform administrators."""
    own_rights = LiteLLMRoutes.self_managed_routes.value
    for route in router.routes:
        path = getattr(route, "path", None)
        if path is not None and path not in own_rights:
            own_rights.append(path)
    app.include_router(router)


def is_platform_admin(caller: UserAPIKeyAuth) -> bool:
    return bool(caller.user_role == LitellmUserRoles.PROXY_ADMIN)


def only_platform_admin(caller: UserAPIKeyAuth) -> None:
    """Refuse everybody else.

    Raises:
        Refusal: 403 ``not_platform_admin``.
    """
    if not is_platform_admin(caller):
        raise Refusal(403, "not_platform_admin", "This needs a key of an administrator of the platform.")


async def administered(caller: UserAPIKeyAuth, tenant_id: str | None) -> AdministeredTenant:
    """The tenant that is named, else the one of the caller's key, else ``default`` for the platform administrator.

    Raises:
        Refusal: 403 ``not_tenant_admin``, 404 ``tenant_not_found``.
    """
    everywhere = is_platform_admin(caller)
    wanted = tenant_id or (DEFAULT_TENANT if everywhere else caller.team_id)
    if wanted is None or not (everywhere or wanted == caller.team_id):
        raise _not_admin()
    if wanted == DEFAULT_TENANT:
        if not everywhere:  # a team of this id shares the tenant with all keys without a team
            raise _not_admin()
        return AdministeredTenant(wanted)
    team = await _team(wanted)
    if not everywhere and not _is_administrator(team, caller.user_id):
        raise _not_admin()
    return AdministeredTenant(wanted, team.team_alias, team.metadata)


async def administered_or_all(caller: UserAPIKeyAuth, tenant_id: str | None) -> str | None:
    """The id of the tenant as :func:`administered`; ``None``, for all tenants, where a platform admin names none.

    Raises:
        Refusal: as :func:`administered`.
    """
    if tenant_id is None and is_platform_admin(caller):
        return None
    return (await administered(caller, tenant_id)).id


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
