"""Which projects of Langfuse a batch goes to, and sending to all of them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from inferspect.events.delivery import Retry
from inferspect.tenancy.langfuse_projects import ProjectError

if TYPE_CHECKING:
    from inferspect.observation.langfuse import Project
    from inferspect.tenancy.langfuse_projects import Projects
    from inferspect.tenancy.langfuse_rules import LangfuseRules
    from inferspect.tenancy.lookup import TenantLookup

log = structlog.get_logger("inferspect.langfuse")


class FoundProjects:
    """Projects of the tenants of one batch, each found once: its keys may be in files."""

    def __init__(self, projects: Projects, tenants: TenantLookup) -> None:
        self._projects = projects
        self._tenants = tenants
        self._found: dict[str | None, tuple[LangfuseRules, Project | None] | ProjectError] = {}

    async def of(self, tenant_id: str | None) -> tuple[LangfuseRules, Project | None]:
        """The tenant's rules and its project; ``None`` where its requests are not traced.

        Raises:
            ProjectError: its rules lead to none.
        """
        if tenant_id not in self._found:
            self._found[tenant_id] = await self._find(tenant_id)
        found = self._found[tenant_id]
        if isinstance(found, ProjectError):
            raise found
        return found

    async def _find(self, tenant_id: str | None) -> tuple[LangfuseRules, Project | None] | ProjectError:
        rules = (await self._tenants.rules_of(tenant_id)).observation.langfuse
        try:
            return rules, await asyncio.to_thread(self._projects.of, tenant_id, rules)
        except ProjectError as error:
            return error


async def side_by_side(sending: Mapping[Project, Coroutine[Any, Any, None]]) -> dict[Project, Retry]:
    """Why it failed of which projects; what goes wrong with one keeps nothing from the others."""
    outcomes = await asyncio.gather(*sending.values(), return_exceptions=True)
    failed: dict[Project, Retry] = {}
    for project, outcome in zip(sending, outcomes, strict=True):
        if outcome is not None:
            log.error("sending to a project failed", tenant_id=project.tenant_id, exc_info=outcome)
            failed[project] = Retry(f"sending failed: {type(outcome).__name__}")
    return failed
