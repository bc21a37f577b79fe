"""Where the texts of answers stand, on every endpoint."""

from typing import Any

import httpx
import pytest
from litellm.types.llms.openai import HttpxBinaryResponseContent, ResponsesAPIResponse
from litellm.types.rerank import RerankResponse
from litellm.types.utils import (
    Choices,
    EmbeddingResponse,
    ImageResponse,
    Message,
    ModelResponse,
    TextCompletionResponse,
    TranscriptionResponse,
)
from mcp.types import CallToolResult, TextContent

from guardrails.content import drop_token_probabilities, empty_response, response_texts

ITEMS: list[dict[str, Any]] = [
    {"type": "reasoning", "id": "stays", "encrypted_content": "stays", "summary": [{"text": "T1"}]},
    {"type": "function_call", "call_id": "stays", "name": "stays", "arguments": "T2"},
    {"type": "mcp_call", "id": "stays", "name": "stays", "arguments": "T3", "output": "T4", "error": "T5"},
    {"type": "mcp_list_tools", "tools": [{"name": "stays", "description": "T6"}]},
    {"type": "file_search_call", "queries": ["T7"], "results": [{"file_id": "stays", "filename": "T8", "text": "T9"}]},
    {"type": "code_interpreter_call", "code": "T10", "outputs": [{"type": "logs", "logs": "T11"}]},
    {
        "type": "web_search_call",
        "action": {"type": "search", "query": "T12", "sources": [{"type": "url", "url": "T13"}]},
    },
    {"type": "image_generation_call", "result": "stays", "revised_prompt": "T14"},
    {
        "type": "message",
        "role": "assistant",
        "content": [
            {"type": "refusal", "refusal": "T15"},
            {
                "type": "output_text",
                "text": "T16",
                "annotations": [
                    {"type": "url_citation", "url": "T17", "title": "T18", "start_index": 0},
                    {"type": "file_citation", "file_id": "stays", "filename": "T19"},
                ],
            },
        ],
    },
]
GEMINI: dict[str, Any] = {
    "candidates": [
        {
            "content": {
                "role": "model",
                "parts": [{"text": "T1"}, {"functionCall": {"name": "f", "args": {"T2": "T3"}}}],
            },
            "finishReason": "STOP",
            "groundingMetadata": {
                "webSearchQueries": ["T4"],
                "groundingChunks": [{"web": {"uri": "T5", "title": "T6"}}],
            },
            "citationMetadata": {"citationSources": [{"uri": "T7"}]},
        }
    ],
    "promptFeedback": {"blockReasonMessage": "T8"},
    "modelVersion": "stays",
    "responseId": "stays",
}
ANTHROPIC: dict[str, Any] = {
    "id": "stays",
    "type": "message",
    "role": "assistant",
    "content": [
        {"type": "thinking", "thinking": "T1", "signature": "stays"},
        {
            "type": "text",
            "text": "T2",
            "citations": [{"type": "char_location", "cited_text": "T3", "document_title": "T4"}],
        },
        {"type": "tool_use", "id": "stays", "name": "stays", "input": {"T5": ["T6"]}},
        {"type": "web_search_tool_result", "content": [{"url": "T7", "title": "T8", "encrypted_content": "stays"}]},
    ],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 1, "service_tier": "stays"},
}
ANSWERS: dict[str, Any] = {
    "rerank": RerankResponse(id="stays", results=[{"index": 0, "relevance_score": 1.0, "document": {"text": "T1"}}]),
    "image": ImageResponse(created=1, data=[{"revised_prompt": "T1", "url": "T2"}]),
    "transcription": TranscriptionResponse(text="T1"),
    "responses": ResponsesAPIResponse(
        id="stays", created_at=1, output=ITEMS, instructions="T20", metadata={"note": "T21"}
    ),
    "gemini": GEMINI,
    "anthropic": ANTHROPIC,
    "items": {"object": "list", "data": [{"type": "message", "content": [{"type": "input_text", "text": "T1"}]}]},
    "mcp": CallToolResult(content=[TextContent(type="text", text="T1")], structured_content={"T2": "T3"}),
    "completion": TextCompletionResponse(choices=[{"text": "T1", "index": 0, "finish_reason": "stop"}]),
}


def marks(count: int) -> list[str]:
    return [f"T{number}" for number in range(1, count + 1)]


@pytest.mark.parametrize("name", ANSWERS)
def test_every_text_of_an_answer_is_found(name: str) -> None:
    """All kinds of output are texts: results of tools, citations, refusals, summaries, documents."""
    found = [text.get() for text in response_texts(ANSWERS[name]) if text]
    found = sorted((mark for mark in found if mark[0] == "T"), key=lambda mark: int(mark[1:]))
    assert found == marks(len(found))
    assert len(found) >= str(ANSWERS[name]).count("'T")


@pytest.mark.parametrize("name", ANSWERS)
def test_identifiers_of_an_answer_are_no_texts(name: str) -> None:
    """Ids, signatures, encrypted content and images stay as they are."""
    assert "stays" not in [text.get() for text in response_texts(ANSWERS[name]) if text]


def test_numbers_of_an_embedding_are_passed_over() -> None:
    """A vector is neither a text nor a list of token ids."""
    walk = response_texts(EmbeddingResponse(model="m", data=[{"embedding": [0.1] * 1536, "index": 0}]))
    assert [text for text in walk if text] == []
    assert walk.token_lists == 0


def test_speech_is_a_medium() -> None:
    """What a voice says cannot be looked through."""
    walk = response_texts(HttpxBinaryResponseContent(httpx.Response(200, content=b"RIFF")))
    assert [text for text in walk if text] == []
    assert walk.media == 1


STREAM = (
    'data: {"type": "transcript.text.delta", "delta": "ada@"}\n\n'
    'data: {"type": "transcript.text.delta", "delta": "example.com"}\n\n'
)


@pytest.mark.parametrize(
    ("stream", "transcript"),
    [
        (STREAM, "ada@example.com"),
        (STREAM + 'data: {"type": "transcript.text.done", "text": "ada@example.com."}\n\n', "ada@example.com."),
        (STREAM + "data: {broken\n\n", "ada@example.com"),
        ("data: {no stream}", "data: {no stream}"),
    ],
)
def test_a_streamed_transcription_is_one_text(stream: str, transcript: str) -> None:
    """LiteLLM takes the provider's events for the text, in which a value is cut in pieces."""
    answer = TranscriptionResponse(text=stream)
    assert [text.get() for text in response_texts(answer) if text] == [transcript]
    assert answer.text == transcript


LOGPROBS = {"content": [{"token": "x", "logprob": 0.0, "top_logprobs": []}]}


def test_what_spells_an_answer_out_is_dropped() -> None:
    """Log probabilities, timed words and segments go; a tool's argument of the same name stays."""
    chat = ModelResponse(choices=[Choices(message=Message(content="x"), logprobs=LOGPROBS)])
    drop_token_probabilities(chat)
    assert chat.choices[0].logprobs is None  # type: ignore[union-attr]
    transcription = TranscriptionResponse(text="x")
    transcription["words"] = [{"word": "x"}]
    transcription["segments"] = [{"text": "x", "tokens": [1]}]
    drop_token_probabilities(transcription)
    left = transcription.model_dump()
    assert (left["text"], left["words"], left["segments"]) == ("x", None, None)
    gemini = {"candidates": [{"logprobsResult": {"chosenCandidates": [{"token": "x"}]}}]}
    drop_token_probabilities(gemini)
    assert gemini == {"candidates": [{"logprobsResult": None}]}
    arguments = {"content": [{"type": "tool_use", "input": {"logprobs": [1], "words": ["a"]}}]}
    drop_token_probabilities(arguments)
    assert arguments == {"content": [{"type": "tool_use", "input": {"logprobs": [1], "words": ["a"]}}]}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_emptied_answer_has_no_texts(name: str) -> None:
    """Whatever it holds, nothing is left that a guardrail would look at."""
    answer = ANSWERS[name].model_copy(deep=True) if hasattr(ANSWERS[name], "model_copy") else dict(ANSWERS[name])
    empty_response(answer)
    assert [text for text in response_texts(answer) if text] == []
