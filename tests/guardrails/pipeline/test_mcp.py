"""Calls of MCP tools: what the tests of the gateway cannot bring about, above all what fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from litellm.proxy._experimental.mcp_server.mcp_server_manager import global_mcp_server_manager
from litellm.types.mcp import MCPPostCallResponseObject
from litellm.types.utils import HiddenParams
from mcp.types import CallToolResult, TextContent

from guardrails.content.copies import WITHHELD
from guardrails.pipeline import hook, service
from guardrails.pipeline.service import GuardrailService
from guardrails.placeholders.keys import TenantKeys
from guardrails.policy.policy import Policies
from guardrails.scanning.budget import Budget
from guardrails.scanning.cache import FindingsCache
from guardrails.scanning.finder import Finder
from inferspect import runtime
from inferspect.context import RequestContext
from inferspect.refusal import Refusal
from inferspect.settings import GuardrailSettings, Settings
from inferspect.tenancy import TenantDirectory

EMAIL = "jane@example.com"
UNGUARDED = {name: {"enabled": False} for name in ("pii", "secrets", "content_safety", "prompt_injection")}


def serve(rules: dict[str, Any] | None = None, budget: Budget | None = None) -> None:
    runtime.install(runtime.Runtime(settings=Settings(), tenants=TenantDirectory(rules or {})))
    settings = GuardrailSettings()
    finder = Finder(FindingsCache(0, 0), budget=budget)
    service.install(GuardrailService(settings, Policies(settings), finder, TenantKeys("salt of a test")))


@pytest.fixture(autouse=True)
def _served(_running: None) -> None:
    serve()


KEY = SimpleNamespace(team_id=None, team_alias=None, team_metadata=None, user_id=None)


async def before(data: dict[str, Any]) -> None:
    await hook.async_pre_call_hook(KEY, None, data, "call_mcp_tool")


async def after(result: Any, shown: list[Any] | None = None) -> tuple[Any, dict[str, Any]]:
    """What the hook gave back to LiteLLM, and its logging details afterwards."""
    details = {"original_response": result, "litellm_params": {}}
    copied = [TextContent(type="text", text=EMAIL)] if shown is None else shown
    given = MCPPostCallResponseObject(mcp_tool_call_response=copied, hidden_params=HiddenParams())
    return await hook.async_post_mcp_tool_call_hook(details, given, None, None), details


def result_of(text: str = EMAIL, **fields: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], **fields)


async def test_the_made_up_chat_hands_redacted_arguments_back() -> None:
    """LiteLLM takes them from there alone; what it logs of the call is brought to the same state."""
    logging = SimpleNamespace(model_call_details={"mcp_tool_call_metadata": {"arguments": {"to": EMAIL}}})
    data = {
        "messages": [{"role": "user", "content": f"Tool: note\nArguments: {{'to': '{EMAIL}'}}"}],
        "mcp_arguments": {"to": EMAIL},
        "incoming_bearer_token": "stays",
        "litellm_logging_obj": logging,
    }
    await before(data)
    assert data["modified_arguments"] == {"to": "<EMAIL_ADDRESS>"}
    assert logging.model_call_details["mcp_tool_call_metadata"]["arguments"] == {"to": "<EMAIL_ADDRESS>"}
    assert EMAIL not in str(data["messages"])
    assert data["incoming_bearer_token"] == "stays"


async def test_a_call_whose_name_would_be_redacted_is_refused(context: RequestContext) -> None:
    """LiteLLM sends the name as it came, whatever a hook makes of it."""
    phone = "+14155552671"
    body = {"server_id": phone, "name": "note", "arguments": {"to": EMAIL}}
    data = {**body, "model": "MCP: note", "proxy_server_request": {"body": dict(body)}}
    with pytest.raises(Refusal) as caught:
        await before(data)
    assert caught.value.code == "mcp_not_governed"
    assert phone not in str(data)
    assert context.model == WITHHELD


@pytest.mark.parametrize(("rules", "is_refused"), [({}, True), (UNGUARDED, False)])
async def test_no_tool_is_called_where_a_server_may_ask_models(
    monkeypatch: pytest.MonkeyPatch, rules: dict[str, Any], is_refused: bool
) -> None:
    serve(rules)
    servers = {"a": SimpleNamespace(allow_sampling=False), "b": SimpleNamespace(allow_sampling=True)}
    monkeypatch.setattr(global_mcp_server_manager, "get_registry", lambda: servers)
    body = {"server_id": "a", "name": "note", "arguments": {"to": EMAIL}}
    data = {**body, "proxy_server_request": {"body": dict(body)}}
    if is_refused:
        with pytest.raises(Refusal, match="allow_sampling"):
            await before(data)
    else:
        await before(data)
        assert data["arguments"] == {"to": EMAIL}


async def test_a_result_is_redacted_where_it_stands(context: RequestContext) -> None:
    """The hook gives nothing back: LiteLLM would drop structured content for it."""
    result = result_of(structured_content={"to": EMAIL})
    given, details = await after(result)
    assert given is None
    assert (result.content[0].text, result.structured_content) == ("<EMAIL_ADDRESS>", {"to": "<EMAIL_ADDRESS>"})
    assert details["original_response"] == WITHHELD
    assert context.refusal is None


@pytest.mark.parametrize("result", [None, "a text", {"content": [EMAIL]}, result_of("another one")])
async def test_a_result_that_is_out_of_reach_is_withheld(result: Any) -> None:
    """Where LiteLLM's logging details do not hold the very result, what it goes on with is emptied."""
    given, details = await after(result)
    assert given.mcp_tool_call_response == []
    assert details["original_response"] == WITHHELD


async def test_a_result_that_takes_too_long_is_withheld(context: RequestContext) -> None:
    serve(budget=Budget.scaled(0))
    result = result_of(structured_content={"to": EMAIL}, _meta={"to": EMAIL})
    given, _ = await after(result)
    assert given is None
    assert EMAIL not in result.model_dump_json()
    assert result.is_error is True
    assert context.refusal is not None


async def test_a_result_is_withheld_where_the_guardrails_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError(EMAIL)

    monkeypatch.setattr("guardrails.pipeline.mcp.redact_whole", fail)
    result = result_of(structured_content={"to": EMAIL})
    await after(result)
    assert EMAIL not in result.model_dump_json()
    assert result.content[0].text.startswith("guardrail_error: ")


async def test_a_result_is_withheld_where_nobody_knows_whose_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that became invalid meanwhile, for instance."""

    def fail(*_: Any) -> None:
        raise RuntimeError(EMAIL)

    monkeypatch.setattr(TenantDirectory, "find", fail)
    result = result_of(structured_content={"to": EMAIL})
    _, details = await after(result)
    assert EMAIL not in result.model_dump_json() + str(details)


async def test_nothing_happens_to_the_result_of_a_tenant_without_guardrails() -> None:
    serve(UNGUARDED)
    result = result_of()
    given, details = await after(result)
    assert given is None
    assert details["original_response"] is result
    assert result.content[0].text == EMAIL
