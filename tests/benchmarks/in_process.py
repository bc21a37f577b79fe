"""The guardrails' hook in this process, as a gateway's worker has it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # LiteLLM asks for its price list when imported

from litellm.proxy.guardrails.guardrail_hooks.presidio import _OPTIONAL_PresidioPIIMasking

from guardrails.pipeline import service
from guardrails.pipeline.hook import GuardrailPipeline
from guardrails.placeholders.keys import TenantKeys
from guardrails.policy.policy import Policies
from inferspect import context as request_context
from inferspect import runtime
from inferspect.context import RequestContext
from inferspect.settings import Settings
from inferspect.tenancy import TenantDirectory


class Guarded:
    """What happens to a request in the hook, with a context of its own as the middleware opens it.

    Args:
        rules: the tenant's, over the default ones.
    """

    def __init__(self, rules: Mapping[str, Any]) -> None:
        metadata = {"inferspect": dict(rules)} if rules else None
        self._key = SimpleNamespace(team_id="benchmark", team_alias=None, team_metadata=metadata)
        self._hook = GuardrailPipeline()

    async def request(self, body: dict[str, Any]) -> RequestContext:
        """Redact a chat where it stands; its context is left open for the answer."""
        context = RequestContext("benchmark", "/v1/chat/completions", "POST", "127.0.0.1", call_type="acompletion")
        token = request_context.activate(context)
        try:
            await self._hook.async_pre_call_hook(self._key, None, body, "acompletion")
        finally:
            request_context.deactivate(token)
        return context

    async def answer(self, context: RequestContext, body: dict[str, Any], response: Any) -> Any:
        """Redact and restore its answer."""
        token = request_context.activate(context)
        try:
            await self._hook.async_post_call_success_deployment_hook(body, response, "acompletion")
            return await self._hook.async_post_call_success_hook(body, self._key, response)
        finally:
            request_context.deactivate(token)


async def guarded(rules: Mapping[str, Any]) -> Guarded:
    """The hook with the services of a worker at its start, but for the pool, which looks through long texts only."""
    settings = Settings.model_validate({"guardrails": {"pool_processes": 0}})
    runtime.install(runtime.Runtime(settings=settings, tenants=TenantDirectory({})))
    finder = await service.started_finder(settings.guardrails)
    keys = TenantKeys("benchmark", settings.guardrails.placeholder_key_version)
    service.install(service.GuardrailService(settings.guardrails, Policies(settings.guardrails), finder, keys))
    return Guarded(rules)


def presidio_guardrail(services: str) -> Any:
    """LiteLLM's own guardrail with Presidio's services at this address."""
    return _OPTIONAL_PresidioPIIMasking(
        guardrail_name="presidio",
        event_hook="pre_call",
        default_on=True,
        presidio_analyzer_api_base=services,
        presidio_anonymizer_api_base=services,
    )
