"""Tools of MCP servers, called through the gateway: what goes to them and what they give is redacted everywhere."""

from __future__ import annotations

import base64
import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import yaml
from mcp.types import CallToolResult, ImageContent, TextContent

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.mcp_server import McpServer
from inferspect.testing.upstream import UpstreamSimulator
from tests.running_gateway import QUICK, configuration

UNGUARDED = {name: {"enabled": False} for name in ("pii", "secrets", "content_safety", "prompt_injection")}


@pytest.fixture(scope="module")
def server() -> Iterator[McpServer]:
    with McpServer() as running:
        yield running


@pytest.fixture(autouse=True)
def _forgotten(server: McpServer) -> None:
    server.answers.clear()
    server.calls.clear()


@pytest.fixture(scope="module")
def gateway(
    server: McpServer, upstream: UpstreamSimulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("mcp")
    content = configuration(upstream, general_settings={"store_prompts_in_spend_logs": True})
    content["mcp_servers"] = {"notes": {"url": server.url, "transport": "http", "allow_all_keys": True}}
    config = folder / "litellm_config.yaml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    with GatewayProcess(folder, config, QUICK) as running:
        yield running


@pytest.fixture(scope="module")
def key(gateway: GatewayProcess) -> str:
    return gateway.new_key()


@pytest.fixture(scope="module")
def call(gateway: GatewayProcess, key: str) -> Callable[..., httpx.Response]:
    """Calls the tool ``note``; with a key of its own where one is given."""
    with gateway.client(key) as client:
        tools = client.get("/mcp-rest/tools/list").raise_for_status().json()["tools"]
    server_id = tools[0]["mcp_info"]["server_id"]

    def made(arguments: dict[str, Any], name: str = "note", by: str = key) -> httpx.Response:
        with gateway.client(by) as client:
            body = {"server_id": server_id, "name": name, "arguments": arguments}
            return client.post("/mcp-rest/tools/call", json=body)

    return made


def said(text: str, **fields: Any) -> CallToolResult:
    return CallToolResult(content=[TextContent(type="text", text=text)], **fields)


def address() -> str:
    return f"jane{uuid.uuid4().hex}@example.com"


def test_a_tool_gets_redacted_arguments(server: McpServer, call: Callable[..., httpx.Response]) -> None:
    """Leaf by leaf, keys too; what is nothing to hide stays as it is."""
    call({"to": [{"mail": address()}], address(): 1, "count": 7, "note": "hello"}).raise_for_status()
    assert server.calls == [
        ("note", {"to": [{"mail": "<EMAIL_ADDRESS>"}], "<EMAIL_ADDRESS>": 1, "count": 7, "note": "hello"})
    ]


def test_a_client_gets_a_redacted_result(server: McpServer, call: Callable[..., httpx.Response]) -> None:
    secret = address()
    server.answers["note"] = said(f"ask {secret}", structured_content={"ask": secret, secret: True})
    result = call({}).raise_for_status().json()
    assert [block["text"] for block in result["content"]] == ["ask <EMAIL_ADDRESS>"]
    assert result["structuredContent"] == {"ask": "<EMAIL_ADDRESS>", "<EMAIL_ADDRESS>": True}
    assert result["isError"] is False


def test_a_result_with_nothing_to_hide_is_given_as_it_is(
    server: McpServer, call: Callable[..., httpx.Response]
) -> None:
    image = base64.b64encode(random.Random(7).randbytes(30_000)).decode()
    blocks = [
        TextContent(type="text", text="all is well"),
        ImageContent(type="image", data=image, mime_type="image/png"),
    ]
    server.answers["note"] = CallToolResult(content=blocks, structured_content={"well": True})
    result = call({}).raise_for_status().json()
    assert result["content"][0]["text"] == "all is well"
    assert result["content"][1]["data"] == image
    assert (result["structuredContent"], result["isError"]) == ({"well": True}, False)


@pytest.mark.parametrize("raised", [True, False])
def test_the_error_of_a_tool_is_redacted(server: McpServer, call: Callable[..., httpx.Response], raised: bool) -> None:
    text = f"no such person: {address()}"
    server.answers["note"] = RuntimeError(text) if raised else said(text, is_error=True)
    result = call({}).raise_for_status().json()
    assert result["isError"] is True
    assert result["content"][0]["text"].endswith("no such person: <EMAIL_ADDRESS>")


def test_nothing_of_a_call_is_written_down_in_the_clear(
    gateway: GatewayProcess, server: McpServer, call: Callable[..., httpx.Response]
) -> None:
    """Neither arguments, nor results, nor errors, in spend logs, events and the log."""
    secrets = [address() for _ in range(4)]
    call({"text": secrets[0]})
    server.answers["note"] = said(secrets[1], structured_content={"text": secrets[1]})
    call({"text": secrets[0]})
    server.answers["note"] = RuntimeError(secrets[2])
    call({})
    server.answers["note"] = said(secrets[3], is_error=True)
    last = call({}).headers["x-request-id"]
    while not gateway.query('SELECT 1 FROM "LiteLLM_SpendLogs" WHERE request_id = %s', last):
        time.sleep(0.2)
    spent = gateway.query('SELECT * FROM "LiteLLM_SpendLogs"')
    written = json.dumps([spent, gateway.events()], default=str) + gateway.log()
    assert "EMAIL_ADDRESS" in json.dumps(spent, default=str)
    assert not [secret for secret in secrets if secret in written]


def test_blocked_arguments_reach_no_tool(
    gateway: GatewayProcess, server: McpServer, call: Callable[..., httpx.Response]
) -> None:
    strict = gateway.new_key(rules={"pii": {"entities": {"EMAIL_ADDRESS": "block"}}})
    refused = call({"text": address()}, by=strict)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "pii_blocked")
    assert server.calls == []


def test_a_blocked_result_is_an_error_of_the_tool(
    gateway: GatewayProcess, server: McpServer, call: Callable[..., httpx.Response]
) -> None:
    """As MCP has it: an answer with status 200 that says why there is no result."""
    strict = gateway.new_key(rules={"pii": {"entities": {"EMAIL_ADDRESS": "block"}}})
    secret = address()
    server.answers["note"] = said(secret, structured_content={"text": secret})
    result = call({}, by=strict)
    assert secret not in result.text
    assert result.json()["isError"] is True
    assert result.json()["structuredContent"] is None
    assert result.json()["content"][0]["text"].startswith("pii_blocked: ")


GATEWAY_TOOLS = ["litellm_proxy", "litellm_proxy/mcp/notes", "https://gateway.example.com/mcp/notes"]
REQUESTS: dict[str, dict[str, Any]] = {
    "chat/completions": {"messages": [{"role": "user", "content": "hello"}]},
    "responses": {"input": "hello"},
    "messages": {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 100},
}


@pytest.mark.parametrize("path", REQUESTS)
@pytest.mark.parametrize("address_of_server", GATEWAY_TOOLS)
@pytest.mark.parametrize("stream", [True, False])
def test_tools_that_the_gateway_would_run_itself_are_refused(
    gateway: GatewayProcess, key: str, path: str, address_of_server: str, stream: bool
) -> None:
    """Their results would go to the provider past the guardrails."""
    tool = {"type": "mcp", "server_label": "n", "server_url": address_of_server, "require_approval": "never"}
    with gateway.client(key) as client:
        body = {"model": "sim/echo", "tools": [tool], "stream": stream, **REQUESTS[path]}
        refused = client.post(f"/v1/{path}", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "mcp_not_governed")


def test_tools_of_the_providers_own_are_not_refused(gateway: GatewayProcess, key: str) -> None:
    tool = {"type": "mcp", "server_label": "d", "server_url": "https://docs.example.com/mcp/other"}
    with gateway.client(key) as client:
        given = client.post("/v1/responses", json={"model": "sim/echo", "tools": [tool], "input": "hello"})
    assert given.status_code == 200


def test_a_tenant_without_guardrails_may_have_the_gateway_run_tools(gateway: GatewayProcess) -> None:
    tool = {"type": "mcp", "server_label": "n", "server_url": "litellm_proxy/mcp/notes", "require_approval": "never"}
    with gateway.client(gateway.new_key(rules=UNGUARDED)) as client:
        given = client.post("/v1/responses", json={"model": "sim/echo", "tools": [tool], "input": "hello"})
    assert given.status_code == 200


def test_sessions_of_mcp_stay_closed(gateway: GatewayProcess, key: str) -> None:
    """Prompts, resources and sampling reach no hook."""
    with gateway.client(key) as client:
        for path in ("/mcp", "/mcp/", "/notes/mcp", "/mcp/notes"):
            refused = client.post(path, json={"jsonrpc": "2.0", "id": 1, "method": "prompts/list"})
            assert (refused.status_code, refused.json()["error"]["code"]) == (403, "route_not_governed"), path
