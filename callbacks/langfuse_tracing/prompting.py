"""A request may name a prompt that is kept in Langfuse; it is put before the request's own messages.

The hook stands before the guardrails in the list of callbacks: what a prompt says is looked at like anything else.
"""

from __future__ import annotations

import asyncio
import fnmatch
from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from callbacks.langfuse_tracing.prompts import PromptLibrary, PromptNotFoundError, PromptUnavailableError, Wanted
from inferspect.context import RequestContext
from inferspect.observation.langfuse import Project
from inferspect.prompts.endpoints import put_before, taken_prompt
from inferspect.refusal import Refusal
from inferspect.runtime import Runtime, running, served_request
from inferspect.tenancy import Tenant
from inferspect.tenancy.langfuse_projects import ProjectError, Projects


class PromptHook(CustomLogger):
    """Fills in the prompt that ``prompt_id`` names, by ``prompt_version`` or ``prompt_label``."""

    def __init__(self) -> None:
        super().__init__()
        self._of: Runtime | None = None
        self._projects: Projects | None = None
        self._library: PromptLibrary | None = None

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> dict[str, Any] | None:
        """The request with the prompt in it; ``None`` where it names none.

        Raises:
            Refusal: ``prompt_invalid``, ``prompt_not_allowed``, ``prompt_not_found`` or ``prompt_unavailable``.
        """
        if data.get("prompt_id") is None:
            return None
        context = served_request()
        try:
            tenant = running().tenant_of(context, user_api_key_dict)
            await self._fill(context, tenant, data, call_type)
        except Refusal as refusal:
            raise context.refuse(refusal) from None
        return data

    async def _fill(self, context: RequestContext, tenant: Tenant, data: dict[str, Any], call_type: str) -> None:
        asked = taken_prompt(data, call_type)
        projects, library = self._services()
        project = await asyncio.to_thread(_project, projects, tenant, asked.name)  # keys may be in files
        try:
            prompt = await library.find(Wanted(project, asked.name, asked.label, asked.version))
        except PromptNotFoundError:
            message = "Langfuse has no prompt of that name with that version or label."
            raise Refusal(404, "prompt_not_found", message, "prompt_id") from None
        except PromptUnavailableError:
            raise Refusal(503, "prompt_unavailable", "The prompt cannot be fetched from Langfuse now.") from None
        put_before(data, prompt.messages(asked.variables), call_type)
        context.trace.prompt_name, context.trace.prompt_version = prompt.name, prompt.version

    def _services(self) -> tuple[Projects, PromptLibrary]:
        """Made once for each runtime, in its event loop."""
        runtime = running()
        if self._projects is None or self._library is None or self._of is not runtime:
            settings = runtime.settings
            self._projects = Projects(settings.langfuse, settings.default_rules.observation.langfuse)
            self._library = PromptLibrary(settings.langfuse.prompt_cache_for)
            self._of = runtime
        return self._projects, self._library


def _project(projects: Projects, tenant: Tenant, name: str) -> Project:
    """The tenant's own, or the gateway's where its operator shares the prompt.

    Raises:
        Refusal: ``prompt_not_found`` where nothing leads to Langfuse, else ``prompt_not_allowed``.
    """
    rules = tenant.rules.observation.langfuse
    if not projects.is_traced(rules):  # nothing but files: the name is most likely written wrong
        message = "There is no prompt of that name. `GET /api/v1/prompts` lists those that there are."
        raise Refusal(404, "prompt_not_found", message, "prompt_id")
    try:
        project = projects.of(tenant.id, rules)
    except ProjectError:
        project = None
    shared = running().settings.langfuse.shared_prompts
    is_own = rules.public_key is not None
    if project is None or not (is_own or any(fnmatch.fnmatchcase(name, pattern) for pattern in shared)):
        message = "This tenant may not use that prompt: it needs a Langfuse project of its own, or a shared prompt."
        raise Refusal(403, "prompt_not_allowed", message, "prompt_id")
    return project


hook = PromptHook()
