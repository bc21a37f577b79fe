"""The hook that LiteLLM calls: which rules hold, what is looked at when, and what happens if looking fails.

A plain ``CustomLogger`` on purpose: a ``CustomGuardrail`` switches LiteLLM to slower paths for every request. What
that costs is that LiteLLM swallows exceptions in ``async_post_call_success_deployment_hook``; so that hook takes the
content away instead, remembers why, and the next one refuses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from guardrails.content.copies import withhold_request, withhold_response
from guardrails.judge import is_asking
from guardrails.pipeline.answers import redact_whole, restored
from guardrails.pipeline.logs import redact_logged
from guardrails.pipeline.mcp import CALL, redact_call, redact_result
from guardrails.pipeline.requests import look_through_names, redact
from guardrails.pipeline.streams import redact_stream
from guardrails.verdicts import refuse
from inferspect.context import RequestContext, current
from inferspect.runtime import running
from inferspect.tenancy import InvalidRules, Tenant


class GuardrailPipeline(CustomLogger):
    """Runs the guardrails of the tenant over requests and answers of all endpoints, whole and streamed."""

    async def async_pre_call_hook(
        self, user_api_key_dict: Any, cache: Any, data: dict[str, Any], call_type: str
    ) -> None:
        """Redact a request where it stands, before LiteLLM routes it.

        Raises:
            Refusal: by a guardrail, ``guardrail_error``, or the tenant's rules are invalid.
        """
        context = current()
        tenant = _tenant(context, user_api_key_dict)
        if call_type == CALL:
            if refusal := await redact_call(context, tenant, data):
                raise refuse(context, refusal)
            return
        if refusal := await redact(context, tenant, data, call_type):
            withhold_request(data)
            raise refuse(context, refusal)

    async def async_post_call_failure_hook(
        self,
        request_data: dict[str, Any],
        original_exception: Exception,
        user_api_key_dict: Any,
        traceback_str: str | None = None,
    ) -> None:
        """Have the event of a request that was refused before the guardrails tell what it asked for."""
        context = current()
        if context is None or context.identifiers_checked:
            return
        key = user_api_key_dict
        with suppress(InvalidRules):  # nobody knows what is personal to this tenant, so nothing of it is kept
            tenant = context.tenant or running().tenants.find(key.team_id, key.team_alias, key.team_metadata)
            await look_through_names(context, tenant, request_data)

    async def async_post_call_success_deployment_hook(
        self, request_data: dict[str, Any], response: Any, call_type: Any
    ) -> None:
        """Redact a provider's answer where it stands, before LiteLLM caches and logs it; but not what a judge says."""
        if request_data.get("stream") or is_asking():
            return
        context = current()
        refusal = await redact_whole(context, _known_tenant(context, request_data), request_data, response)
        if refusal:
            withhold_response(request_data, response)
            refuse(context, refusal)

    async def async_post_call_success_hook(self, data: dict[str, Any], user_api_key_dict: Any, response: Any) -> Any:
        """Redact what has not been yet, such as an answer from the cache, and restore what the client may see.

        Raises:
            Refusal: by a guardrail or ``guardrail_error``, also where the hook before this one came to it.
        """
        context = current()
        tenant = _tenant(context, user_api_key_dict)
        if context is not None and context.refusal is not None:
            raise context.refusal
        refusal = await redact_whole(context, tenant, data, response)
        if refusal:
            withhold_response(data, response)
            raise refuse(context, refusal)
        return await restored(context, tenant, data, response)

    async def async_post_mcp_tool_call_hook(
        self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any
    ) -> Any:
        """Redact the result of an MCP server's tool where it stands, before LiteLLM logs it."""
        context = current()
        request = kwargs.get("litellm_params")
        tenant_of = partial(_known_tenant, context, request if isinstance(request, dict) else {})
        if await redact_result(context, tenant_of, kwargs, response_obj.mcp_tool_call_response):
            return None
        response_obj.mcp_tool_call_response = []
        return response_obj

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: Any, request_data: dict[str, Any]
    ) -> AsyncIterator[Any]:
        """Redact and restore a streamed answer while it is written.

        Raises:
            StreamRefused: as above; the stream ends with it, and nothing is emitted that was not looked at.
        """
        context = current()
        async for chunk in redact_stream(context, _tenant(context, user_api_key_dict), request_data, response):
            yield chunk

    async def async_logging_hook(
        self, kwargs: dict[str, Any], result: Any, call_type: str
    ) -> tuple[dict[str, Any], Any]:
        """Redact a streamed answer for the loggers that LiteLLM calls next."""
        return self.logging_hook(kwargs, result, call_type)

    def logging_hook(self, kwargs: dict[str, Any], result: Any, call_type: str) -> tuple[dict[str, Any], Any]:
        """As above, for loggers that LiteLLM calls in a thread, with details that it has put together anew."""
        if not kwargs.get("stream"):
            return kwargs, result
        request = kwargs.get("litellm_params")
        tenant = _known_tenant(current(), request if isinstance(request, dict) else {})
        return kwargs, redact_logged(tenant, kwargs, result)


def _tenant(context: RequestContext | None, key: Any) -> Tenant:
    runtime = running()
    if context is None:
        return runtime.tenants.find(key.team_id, key.team_alias, key.team_metadata)
    return runtime.tenant_of(context, key)


def _known_tenant(context: RequestContext | None, request: dict[str, Any]) -> Tenant:
    """The tenant where there is no key at hand: of the context, else as LiteLLM noted it, else the default one."""
    if context is not None and context.tenant is not None:
        return context.tenant
    noted = request.get("litellm_metadata") or request.get("metadata")
    noted = noted if isinstance(noted, dict) else {}
    return running().tenants.find(
        noted.get("user_api_key_team_id"), noted.get("user_api_key_team_alias"), noted.get("user_api_key_team_metadata")
    )
