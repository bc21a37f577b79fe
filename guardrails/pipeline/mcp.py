"""Guarding a call of a tool of an MCP server: what goes to the tool, and what it gives.

LiteLLM calls the hook for requests twice, with the body as it came and with a made-up chat that stands for the call.
The hook for results gets a copy, and LiteLLM goes on whatever happens in it: the result itself is changed, which is
among LiteLLM's logging details, and taken away where it could not be looked through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from mcp.types import CallToolResult, TextContent

from guardrails.content.copies import WITHHELD, withhold_request
from guardrails.pipeline.answers import redact_whole
from guardrails.pipeline.gateway_tools import is_guarded
from guardrails.pipeline.requests import redact
from guardrails.verdicts import refuse
from inferspect.context import RequestContext
from inferspect.refusal import Refusal
from inferspect.tenancy import Tenant

log = structlog.get_logger("guardrails")

CALL = "call_mcp_tool"
CALLED = ("server_id", "name")
MADE_UP = ("messages", "mcp_arguments")
UNREAD = Refusal(
    500, "guardrail_error", "The guardrails could not look through the tool's result and let none of it through."
)


async def redact_call(context: RequestContext | None, tenant: Tenant, data: dict[str, Any]) -> Refusal | None:
    """Redact the arguments of a call where they stand; returns the reason where it must not go on.

    A refused call is left without its content.
    """
    if "proxy_server_request" not in data and "mcp_arguments" in data:
        return await _redact_made_up(context, tenant, data)
    called = [data.get(field) for field in CALLED]
    refusal = _refusal_of_sampling(tenant) or await redact(context, tenant, data, CALL)
    if refusal is None and [data.get(field) for field in CALLED] != called:
        refusal = Refusal(
            403,
            "mcp_not_governed",
            "The name of the tool or of its server looks like what guardrails take out of a request, and LiteLLM would "
            "send it as it is. Have the tool renamed, or allow its name in the tenant's rules.",
            "name",
        )
        if context is not None:
            context.model = WITHHELD
    if refusal:
        withhold_request(data)
        data["model"] = WITHHELD
        if (logging := data.get("litellm_logging_obj")) is not None:
            logging.model = logging.model_call_details["model"] = WITHHELD
    return refusal


async def _redact_made_up(context: RequestContext | None, tenant: Tenant, data: dict[str, Any]) -> Refusal | None:
    seen = {field: data[field] for field in MADE_UP if field in data}
    refusal = await redact(context, tenant, seen, CALL)
    if refusal:
        withhold_request(seen)
    data.update(seen)
    if not refusal:
        data["modified_arguments"] = seen["mcp_arguments"]  # LiteLLM does not look at the arguments themselves
    details = getattr(data.get("litellm_logging_obj"), "model_call_details", None)
    told = details.get("mcp_tool_call_metadata") if isinstance(details, dict) else None
    if isinstance(told, dict):
        told["arguments"] = seen["mcp_arguments"]
    return refusal


def _refusal_of_sampling(tenant: Tenant) -> Refusal | None:
    """The reason not to call any tool where a server may have the gateway ask a model while its tool runs."""
    from litellm.proxy._experimental.mcp_server.mcp_server_manager import global_mcp_server_manager  # noqa: PLC0415

    servers = global_mcp_server_manager.get_registry().values()
    if not is_guarded(tenant) or not any(server.allow_sampling for server in servers):
        return None
    return Refusal(
        403,
        "mcp_not_governed",
        "An MCP server of this gateway may ask models by itself (`allow_sampling`), which guardrails do not reach "
        "into. An operator can switch that off.",
    )


async def redact_result(
    context: RequestContext | None, tenant_of: Callable[[], Tenant], details: dict[str, Any], shown: list[Any]
) -> bool:
    """Redact the result of a call where it stands; ``False`` where it is out of reach, so that nothing may be given.

    Args:
        tenant_of: finds whose call it is.
        details: LiteLLM's logging details, which hold the result as it came.
        shown: the copy of its content that LiteLLM gave to the hook.
    """
    given = details.get("original_response")
    details["original_response"] = WITHHELD
    result = given if isinstance(given, CallToolResult) and given.content == shown else None
    try:
        tenant = tenant_of()
        if not is_guarded(tenant):
            details["original_response"] = given
            return True
        refusal = await redact_whole(context, tenant, {}, result) if result else UNREAD
    except Exception as error:  # noqa: BLE001  whatever went wrong, the result was not looked through
        log.error("the result of an MCP tool could not be looked through", reason=type(error).__name__)
        refusal = UNREAD
    if refusal:
        refuse(context, refusal)
        if result:
            _withhold(result, refusal)
    return result is not None


def _withhold(result: CallToolResult, refusal: Refusal) -> None:
    """Make it the error of a tool that MCP has for this: there are no errors of other kinds for results."""
    result.content[:] = [TextContent(type="text", text=f"{refusal.code}: {refusal.message}")]
    result.structured_content = None
    result.meta = None
    result.is_error = True
