"""Which keys hold labels, media and definitions; everything else that is a string is a text."""

from __future__ import annotations

from guardrails.content.text import Source

# Labels and identifiers: the API or the provider reads them, and a changed one breaks the conversation.
LABELS = frozenset({
    "type", "role", "name", "id", "object", "status", "model", "format", "detail", "index", "finish_reason",
    "finishReason", "stop_reason", "media_type", "mime_type", "mimeType", "tool_call_id", "tool_use_id", "call_id",
    "item_id", "container_id", "file_id", "cache_control", "phase", "encrypted_content", "encrypted_index",
    "signature", "thought_signature", "thoughtSignature",
})  # fmt: skip

# Members that are images, audio or files, or lead to them by an address.
MEDIA = frozenset({"image_url", "input_audio", "audio", "inline_data", "inlineData", "file_data", "fileData"})
MEDIA_VALUES = frozenset({"url", "data", "file_uri", "fileUri"})
MEDIA_STRINGS = frozenset({"image_url", "video_url", "file_data", "file_url", "b64_json"})
OPAQUE_SOURCES = frozenset({"base64", "url", "file"})
UPLOADED = frozenset({"file", "input_file", "input_image", "image_file"})

# Objects of the client's or the model's own making: every key and value in them is content.
FREE = frozenset({
    "input", "arguments", "variables", "args", "response", "attributes", "structured_content", "structuredContent",
})  # fmt: skip

DEFINITIONS = frozenset({"tools", "functions", "functionDeclarations", "function_declarations"})
# In definitions of tools and of answers: what is matched literally, reaches no model, or is a credential for a server.
DEFINITION_LABELS = frozenset({
    "name", "type", "format", "pattern", "$ref", "$id", "$schema", "$anchor", "$dynamicRef", "server_label",
    "server_url", "connector_id", "authorization", "authorization_token", "container", "require_approval",
    "search_context_size", "syntax", "url", "id", "model", "responseMimeType", "response_mime_type", "mcp_server_name",
})  # fmt: skip
DEFINITION_LISTS_OF_LABELS = frozenset({
    "headers", "required", "propertyOrdering", "vector_store_ids", "file_ids", "allowed_tools", "allowed_callers",
    "allowed_domains", "blocked_domains",
})  # fmt: skip
NAMED_DEFINITIONS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
DEFINITION_VALUES = frozenset({"default", "const", "enum", "example", "examples", "input_examples", "filters"})

SOURCES_BY_ROLE: dict[str, Source] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
}
SOURCES_BY_KEY: dict[str, Source] = {
    "functionResponse": "tool",
    "function_response": "tool",
    "codeExecutionResult": "tool",
    "code_execution_result": "tool",
}
SOURCES_BY_TYPE: dict[str, Source] = {
    "document": "document",
    "search_result": "document",
    "file": "document",
    "input_file": "document",
    "tool_result": "tool",
    "function_call": "assistant",
    "custom_tool_call": "assistant",
    "reasoning": "assistant",
}
# A call of a tool that the provider itself runs holds, beside what the model asked for, what came back.
RESULTS_OF_CALLS = frozenset({"output", "outputs", "result", "results", "action", "error"})

# Whose `name` is a person's and not that of a function.
SPEAKERS = frozenset({"system", "developer", "user", "assistant"})


def source_by_type(kind: str) -> Source | None:
    """Who wrote an object of this type, where the type alone says so."""
    if kind.endswith(("_call_output", "_tool_result")):
        return "tool"
    return SOURCES_BY_TYPE.get(kind) or ("assistant" if kind.endswith("_call") else None)
