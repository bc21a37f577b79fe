"""What a request asks for, in the words of OpenTelemetry's conventions for generative AI, or in like ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inferspect.spans.span import SpanKind

if TYPE_CHECKING:
    from inferspect.events.event import GatewayEvent

# By the end of the path; the first that fits.
BY_PATH = (
    ("/chat/completions", "chat"),
    ("/messages", "chat"),
    ("/responses", "chat"),
    ("/completions", "text_completion"),
    ("/embeddings", "embeddings"),
    ("generatecontent", "generate_content"),
    ("/rerank", "rerank"),
    ("/moderations", "moderation"),
    ("/images/generations", "image_generation"),
    ("/images/edits", "image_edit"),
    ("/audio/speech", "speech"),
    ("/audio/transcriptions", "transcription"),
)
TOOL_CALLS = frozenset({"call_mcp_tool", "mcp_call"})
KINDS: dict[str, SpanKind] = {"embeddings": "embedding", "execute_tool": "tool"}


def operation_of(event: GatewayEvent) -> str:
    if event.call_type in TOOL_CALLS:
        return "execute_tool"
    path = event.route.rstrip("/").lower()
    return next((operation for end, operation in BY_PATH if path.endswith(end)), event.call_type or "request")


def call_kind(event: GatewayEvent) -> SpanKind:
    return KINDS.get(operation_of(event), "generation")
