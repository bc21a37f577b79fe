"""``/api/v1/prompts``: the prompts that the tenant of a key may use."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from inferspect.http.tenant_access import Caller, is_platform_admin
from inferspect.prompts.endpoints import LARGEST_VERSION
from inferspect.prompts.library import PromptNotFoundError, PromptUnusableError, Shelf, usable
from inferspect.refusal import Refusal
from inferspect.runtime import running
from plugins.prompts.service import library

PATH = "/api/v1/prompts"
SHOWN = ("model", "owner", "changelog", "variables")

router = APIRouter(prefix=PATH, tags=["prompts"])


@router.get("")
async def prompts(caller: Caller) -> dict[str, Any]:
    """Names with their versions, and of the newest what it is; to the platform's administrators also what is wrong."""
    shelf = await _shelf()
    listed = []
    for name, versions in usable(shelf):
        if _may_use(caller, name):
            newest = versions[-1].as_json()
            numbers = [version.version for version in versions]
            listed.append({"name": name, "versions": numbers, **{field: newest[field] for field in SHOWN}})
    mistakes = [str(mistake) for mistake in shelf.mistakes]
    return {"prompts": listed, **({"mistakes": mistakes} if is_platform_admin(caller) else {})}


@router.get("/{name}")
async def prompt(caller: Caller, name: str, version: int | None = None) -> dict[str, Any]:
    """A version with its messages, before variables are filled in; the newest where none is named."""
    shelf = await _shelf()
    if not _may_use(caller, name) or name not in shelf.prompts:
        raise Refusal(404, "prompt_not_found", "There is no such prompt, or not for this tenant.", "name")
    try:
        if version is not None and not 0 < version <= LARGEST_VERSION:
            raise PromptNotFoundError(name)
        return shelf.find(name, version).as_json()
    except PromptNotFoundError:
        message = "There is no such version of the prompt. `GET /api/v1/prompts` lists those that there are."
        raise Refusal(404, "prompt_not_found", message, "version") from None
    except PromptUnusableError:
        message = "The file of the prompt is invalid. An administrator finds the reason by `inferspect prompts check`."
        raise Refusal(503, "prompt_unavailable", message, "name") from None


async def _shelf() -> Shelf:
    prompts = library()
    return Shelf() if prompts is None else await prompts.shelf()


def _may_use(caller: Caller, name: str) -> bool:
    if is_platform_admin(caller):
        return True
    tenant = running().tenants.find(caller.team_id, caller.team_alias, caller.team_metadata)
    return tenant.rules.prompts.allow(name)
