"""Calls of MCP tools that LiteLLM would serve before any hook sees them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from inferspect.refusal import Refusal

PATH = "/mcp-rest/tools/call"
# LiteLLM's own tools, which search the tools, agents and skills it knows: their queries reach a model past hooks.
SEARCHES = frozenset({"mcp_tool_search", "mcp_tool_call", "agent_search", "skill_search"})
NAME = re.compile(r"[A-Za-z0-9_./-]{1,128}")  # what MCP asks of the name of a tool


def check_mcp_call(content: Mapping[str, Any]) -> None:
    """Refuse a call of a tool whose arguments no hook could look through.

    Raises:
        Refusal: 400 ``invalid_type``, or 403 ``mcp_not_governed`` for LiteLLM's own tools.
    """
    name, arguments = content.get("name"), content.get("arguments")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Refusal(400, "invalid_type", "'name' must be a tool's name: letters, digits and _ . / - only.", "name")
    if arguments is not None and not isinstance(arguments, dict):
        raise Refusal(400, "invalid_type", "'arguments' must be an object.", "arguments")
    if name in SEARCHES:
        raise Refusal(403, "mcp_not_governed", f"Guardrails do not reach into {name!r}, a tool of LiteLLM's.", "name")
