"""Tools of MCP servers that LiteLLM would run by itself, in the middle of a request.

A request names them by ``server_url: litellm_proxy/...``, or by an address that the gateway serves. LiteLLM then calls
what the model asks for and sends the results on to the provider, behind the hook that looks through requests.
"""

from __future__ import annotations

from typing import Any

from guardrails.pipeline.service import service
from inferspect.refusal import Refusal
from inferspect.tenancy import Tenant


def is_guarded(tenant: Tenant) -> bool:
    """Whether any guardrail looks at requests or answers of this tenant."""
    policies = service().policies
    return policies.of(tenant.rules, "input") is not None or policies.of(tenant.rules, "output") is not None


async def refusal_of_gateway_tools(tenant: Tenant, data: dict[str, Any]) -> Refusal | None:
    """The reason not to serve a request of a guarded tenant that names such tools; ``None`` for every other."""
    tools = data.get("tools")
    if not isinstance(tools, list) or not any(isinstance(tool, dict) and tool.get("type") == "mcp" for tool in tools):
        return None
    from litellm.responses.mcp.litellm_proxy_mcp_handler import LiteLLM_Proxy_MCP_Handler  # noqa: PLC0415  it is heavy

    if not is_guarded(tenant) or not any(await LiteLLM_Proxy_MCP_Handler.routes_through_gateway(tools)):
        return None
    return Refusal(
        403,
        "mcp_not_governed",
        "The request names tools of an MCP server that the gateway would run itself, and guardrails do not reach into "
        "what is sent to them and what they give. Declare the tools as functions, and have the client call them.",
        "tools",
    )
