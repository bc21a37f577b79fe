"""Calls of MCP tools that no hook could look through are refused before LiteLLM sees them."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from litellm.proxy._experimental.mcp_server.tool_search import VIRTUAL_TOOL_NAMES

from inferspect.http.json_body import JsonBodyMiddleware
from inferspect.http.mcp_call import PATH, SEARCHES, check_mcp_call
from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send


@pytest.mark.parametrize("name", ["note", "notes-note", "a.b/c_d", "x" * 128])
@pytest.mark.parametrize("arguments", [{}, {"text": "hello"}, None])
def test_a_call_of_a_tool_passes(name: str, arguments: Any) -> None:
    check_mcp_call({"server_id": "notes", "name": name, "arguments": arguments})


@pytest.mark.parametrize(
    ("content", "code", "param"),
    [
        ({"name": "note", "arguments": "jane@example.com"}, "invalid_type", "arguments"),
        ({"name": "note", "arguments": ["jane@example.com"]}, "invalid_type", "arguments"),
        ({"name": "jane@example.com"}, "invalid_type", "name"),
        ({"name": "call me"}, "invalid_type", "name"),
        ({"name": ["note"]}, "invalid_type", "name"),
        ({"name": ""}, "invalid_type", "name"),
        ({}, "invalid_type", "name"),
        *(({"name": name, "arguments": {"query": "x"}}, "mcp_not_governed", "name") for name in sorted(SEARCHES)),
    ],
)
def test_what_hooks_could_not_look_through_is_refused(content: dict[str, Any], code: str, param: str) -> None:
    with pytest.raises(Refusal) as caught:
        check_mcp_call(content)
    assert (caught.value.code, caught.value.param) == (code, param)
    assert "jane" not in caught.value.message


def test_all_tools_that_litellm_serves_itself_are_known() -> None:
    assert SEARCHES == VIRTUAL_TOOL_NAMES


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_a_call_is_checked_whatever_its_content_type(content_type: str) -> None:
    """LiteLLM reads JSON there, whatever it is called."""
    reached: list[Scope] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope)

    async def receive() -> Message:
        return {"type": "http.request", "body": json.dumps({"name": "mcp_tool_search"}).encode()}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "headers": [(b"content-type", content_type.encode())],
    }
    with pytest.raises(Refusal):
        asyncio.run(JsonBodyMiddleware(application, lambda _path: True)(scope, receive, send))
    assert not reached
