"""Which routes are open: those where hooks see every request and every answer."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from inferspect.http.governed_routes import GovernedRoutesMiddleware, is_governed
from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

# By LiteLLM's function that serves the path; each was seen to call the hooks before and after.
OPEN = {
    "/v1/chat/completions": "chat_completion",
    "/chat/completions": "chat_completion",
    "/engines/gpt/chat/completions": "chat_completion",
    "/openai/deployments/gpt-4o/chat/completions": "chat_completion",
    "/v1/completions": "completion",
    "/engines/gpt/completions": "completion",
    "/openai/deployments/gpt-4o/completions": "completion",
    "/v1/embeddings": "embeddings",
    "/openai/deployments/team/model/embeddings": "embeddings",
    "/v1/responses": "responses_api",
    "/responses": "responses_api",
    "/openai/v1/responses": "responses_api",
    "/v1/responses/resp_1/cancel": "cancel_response",
    "/openai/v1/responses/resp_1/cancel": "cancel_response",
    "/v1/messages": "anthropic_response",
    "/claude_code_gateway/v1/messages": "anthropic_response",
    "/rerank": "rerank",
    "/v1/rerank": "rerank",
    "/v2/rerank": "rerank",
    "/v1/moderations": "moderations",
    "/v1/audio/speech": "audio_speech",
    "/v1/audio/transcriptions": "audio_transcriptions",
    "/v1/images/generations": "image_generation",
    "/openai/deployments/dall-e/images/generations": "image_generation",
    "/v1/images/edits": "image_edit_api",
    "/v1beta/models/gemini-2.0-flash:generateContent": "google_generate_content",
    "/models/team/gemini:streamGenerateContent": "google_stream_generate_content",
    "/mcp-rest/tools/call": "call_tool_rest_api",
}
CLOSED = [
    "/v1/messages/count_tokens",
    "/claude_code_gateway/v1/messages/count_tokens",
    "/utils/token_counter",
    "/utils/transform_request",
    "/v1/responses/input_tokens",
    "/openai/v1/responses/input_tokens",
    "/v1/responses/compact",
    "/v1/responses/compact/cancel",
    "/cursor/chat/completions",
    "/v1beta/models/gemini:countTokens",
    "/openai/files",
    "/openai/chat/completions",
    "/openai/v1/chat/completions",
    "/openai/v1/embeddings",
    "/openai/deployments/gpt-4o/rerank",
    "/engines/gpt/responses",
    "/v2/chat/completions",
    "/messages",
    "/anthropic/v1/messages",
    "/azure/openai/deployments/gpt-4o/chat/completions",
    "/gemini/v1beta/models/gemini:generateContent",
    "/v1/files",
    "/v1/batches",
    "/v1/vector_stores",
    "/v1/threads",
    "/v1/realtime/transcription_sessions",
    "/v1/rag/query",
    "/mcp/",
    "/notes/mcp",
    "/mcp-rest/tools/list",
    "/mcp-rest/test/tools/list",
    "/v1/models",
    "/v1/responses/resp_1",
]

RESOLVE = """
import json, sys
from litellm.proxy.proxy_server import app
from litellm.proxy.anthropic_endpoints.endpoints import router as messages
from litellm.proxy.anthropic_endpoints.gateway_endpoints import router as gateway
from litellm.proxy._experimental.mcp_server.rest_endpoints import router as mcp

def flat(routes):
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from flat(inner.routes)
        elif hasattr(route, "endpoint") and hasattr(route, "path_regex"):
            yield route

routes = [*flat(app.routes), *flat(messages.routes), *flat(gateway.routes), *flat(mcp.routes)]
def served(path):
    for route in routes:
        if "POST" in (getattr(route, "methods", None) or ()) and route.path_regex.match(path):
            return route.endpoint.__name__
print(json.dumps({path: served(path) for path in sys.argv[1:]}))
"""
OFFLINE = ("MODEL_COST_MAP", "ANTHROPIC_BETA_HEADERS", "BLOG_POSTS", "AUTOROUTER_PRESETS", "POLICY_TEMPLATES")


@pytest.mark.parametrize("path", OPEN)
def test_a_route_that_hooks_see_is_open(path: str) -> None:
    """For a call, and for a browser that asks beforehand whether it may."""
    assert is_governed({"path": path, "method": "POST"})
    assert is_governed({"path": path, "method": "OPTIONS"})


def test_an_open_route_is_served_by_the_function_that_calls_hooks() -> None:
    """None of them falls through to a pass-through route, in the LiteLLM that is installed."""
    environment = {**os.environ, **{f"LITELLM_LOCAL_{name}": "True" for name in OFFLINE}, "LITELLM_TELEMETRY": "False"}
    found = subprocess.run(
        [sys.executable, "-c", RESOLVE, *OPEN], env=environment, capture_output=True, check=True, text=True
    )
    assert json.loads(found.stdout.splitlines()[-1]) == OPEN


@pytest.mark.parametrize("path", CLOSED)
def test_a_route_that_hooks_do_not_see_is_closed(path: str) -> None:
    assert not is_governed({"path": path, "method": "POST"})


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models",
        "/models",
        "/models/demo",
        "/openai/v1/models",
        "/cursor/models",
        "/utils/model_info",
        "/mcp-rest/tools/list",
    ],
)
def test_listing_models_or_tools_is_open_for_reading(path: str) -> None:
    assert is_governed({"path": path, "method": "GET"})


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_stored_answer_can_be_read_and_deleted(method: str) -> None:
    assert is_governed({"path": "/v1/responses/resp_1", "method": method})
    assert is_governed({"path": "/responses/resp_1/input_items", "method": method})
    assert not is_governed({"path": "/v1/responses/compact", "method": method})


def test_reading_a_providers_files_is_closed() -> None:
    assert not is_governed({"path": "/openai/files", "method": "GET"})


OTHER = ("/health", "/v1/mcp/server", "/notes/mcp", "/notes/mcp/", "/toolset/notes/mcp")


def call(scope: dict[str, Any]) -> tuple[list[Scope], list[Message]]:
    """What reached the application and what was sent back."""
    reached: list[Scope] = []
    sent: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    asyncio.run(GovernedRoutesMiddleware(application, lambda path: path not in OTHER)(scope, receive, send))
    return reached, sent


def test_a_websocket_is_closed_before_it_opens() -> None:
    """Hooks do not see what is said over one."""
    reached, sent = call({"type": "websocket", "path": "/v1/responses"})
    assert reached == []
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_a_closed_route_is_refused_and_others_are_not() -> None:
    """Only routes that lead to models are looked at."""
    with pytest.raises(Refusal) as caught:
        call({"type": "http", "path": "/utils/token_counter", "method": "POST"})
    assert (caught.value.status_code, caught.value.code) == (403, "route_not_governed")
    for path in ("/health", "/v1/messages", "/v1/mcp/server"):
        assert call({"type": "http", "path": path, "method": "POST"})[0]
    assert call({"type": "lifespan"})[0]


@pytest.mark.parametrize("path", ["/notes/mcp", "/notes/mcp/", "/toolset/notes/mcp"])
def test_sessions_of_one_mcp_server_are_refused(path: str) -> None:
    """LiteLLM does not count them among its model routes."""
    with pytest.raises(Refusal) as caught:
        call({"type": "http", "path": path, "method": "POST"})
    assert caught.value.code == "route_not_governed"
