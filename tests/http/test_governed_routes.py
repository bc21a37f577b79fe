"""Which routes are open: those whose every request the hooks see."""

from __future__ import annotations

import pytest

from inferspect.http.governed_routes import is_governed

OPEN = [
    "/v1/chat/completions",
    "/chat/completions",
    "/openai/deployments/gpt-4o/chat/completions",
    "/openai/deployments/team/model/embeddings",
    "/engines/gpt/completions",
    "/v1/responses",
    "/v1/responses/resp_1",
    "/v1/responses/resp_1/input_items",
    "/v1/messages",
    "/v1/rerank",
    "/v1/audio/transcriptions",
    "/v1/images/generations",
    "/v1beta/models/gemini-2.0-flash:generateContent",
    "/models/team/gemini:streamGenerateContent",
]
CLOSED = [
    "/v1/messages/count_tokens",
    "/v1/responses/input_tokens",
    "/openai/v1/responses/input_tokens",
    "/v1beta/models/gemini:countTokens",
    "/openai/files",
    "/openai/chat/completions",
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
    "/v1/models",
]


@pytest.mark.parametrize("path", OPEN)
def test_a_route_that_hooks_see_is_open(path: str) -> None:
    assert is_governed({"path": path, "method": "POST"})


@pytest.mark.parametrize("path", CLOSED)
def test_a_route_that_hooks_do_not_see_is_closed(path: str) -> None:
    assert not is_governed({"path": path, "method": "POST"})


@pytest.mark.parametrize("path", ["/v1/models", "/models", "/models/demo", "/openai/v1/models"])
def test_listing_models_is_open_for_reading(path: str) -> None:
    assert is_governed({"path": path, "method": "GET"})


def test_reading_a_providers_files_is_closed() -> None:
    assert not is_governed({"path": "/openai/files", "method": "GET"})
