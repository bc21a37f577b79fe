"""A request may name a prompt that is kept in Langfuse; it is put before the request's own messages.

The hook stands before the guardrails in the list of callbacks: what a prompt says is looked at like anything else.
"""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Mapping
from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from callbacks.langfuse_tracing.prompts import PromptLibrary, PromptNotFoundError, PromptUnavailableError, Wanted
from inferspect.context import RequestContext
from inferspect.observation.langfuse import Project
from inferspect.refusal import Refusal
from inferspect.runtime import Runtime, running, served_request
from inferspect.tenancy import Tenant
from inferspect.tenancy.langfuse_projects import ProjectError, Projects

FIELDS = ("prompt_id", "prompt_label", "prompt_version", "prompt_variables")  # LiteLLM's names for them
LONGEST = 200  # characters of a name or label
CHAT, RESPONSES, MESSAGES = {"completion", "acompletion"}, {"responses", "aresponses"}, {"anthropic_messages"}


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
        name, label, version, variables = (data.pop(field, None) for field in FIELDS)
        _check(name, label, version, variables)
        if call_type not in CHAT | RESPONSES | MESSAGES:
            raise Refusal(400, "prompt_invalid", "This endpoint takes no prompt of Langfuse's.", "prompt_id")
        projects, library = self._services()
        project = await asyncio.to_thread(_project, projects, tenant, name)  # keys may be in files
        try:
            prompt = await library.find(Wanted(project, name, label, version))
        except PromptNotFoundError:
            message = "Langfuse has no prompt of that name with that version or label."
            raise Refusal(404, "prompt_not_found", message, "prompt_id") from None
        except PromptUnavailableError:
            raise Refusal(503, "prompt_unavailable", "The prompt cannot be fetched from Langfuse now.") from None
        put_before(data, prompt.messages(variables or {}), call_type)
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


def put_before(data: dict[str, Any], messages: list[dict[str, Any]], call_type: str) -> None:
    """Put messages before those of the request, in the words of the API that is called.

    Raises:
        Refusal: ``prompt_invalid``: a placeholder brings a system message that is no text where instructions are texts.
    """
    if call_type in CHAT:
        own = data.get("messages")
        data["messages"] = [*messages, *(own if isinstance(own, list) else [])]
        return
    system = "\n\n".join(_text_of(message) for message in messages if message.get("role") == "system")
    others = [message for message in messages if message.get("role") != "system"]
    if call_type in MESSAGES:
        own = data.get("messages")
        data["messages"] = [*others, *(own if isinstance(own, list) else [])]
        data["system"] = _joined(system, data.get("system"))
    else:
        asked = data.get("input")
        if others:
            data["input"] = [*others, *(asked if isinstance(asked, list) else _as_message(asked))]
        data["instructions"] = _joined(system, data.get("instructions"))
    for field in ("system", "instructions"):
        if data.get(field) in ("", None):
            data.pop(field, None)


def _text_of(message: dict[str, Any]) -> str:
    content = message.get("content")
    if not isinstance(content, str):
        reason = "A system message of a prompt's placeholder needs a text as its content on this endpoint."
        raise Refusal(400, "prompt_invalid", reason, "prompt_variables")
    return content


def _as_message(asked: Any) -> list[dict[str, Any]]:
    return [] if asked is None else [{"role": "user", "content": asked}]


def _joined(system: str, own: Any) -> Any:
    """The prompt's instructions and then the request's, which Anthropic's API also has as a list of blocks."""
    if isinstance(own, list):
        return [{"type": "text", "text": system}, *own] if system else own
    return "\n\n".join(filter(None, (system, own if isinstance(own, str) else "")))


def _check(name: Any, label: Any, version: Any, variables: Any) -> None:
    wrong = next(
        (
            field
            for field, is_right in (
                ("prompt_id", _is_name(name)),
                ("prompt_label", label is None or _is_name(label)),
                ("prompt_version", version is None or (type(version) is int and 0 < version < 2**31)),
                ("prompt_variables", variables is None or isinstance(variables, Mapping)),
            )
            if not is_right
        ),
        None,
    )
    if wrong is not None:
        message = f"'{wrong}' is not what it should be: a name, a label, a whole number, an object of variables."
        raise Refusal(400, "prompt_invalid", message, wrong)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()


def _project(projects: Projects, tenant: Tenant, name: str) -> Project:
    """The tenant's own, or the gateway's where its operator shares the prompt.

    Raises:
        Refusal: ``prompt_not_allowed``.
    """
    rules = tenant.rules.observation.langfuse
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
