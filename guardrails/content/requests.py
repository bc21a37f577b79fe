"""The texts of a request."""

from __future__ import annotations

import io
from typing import Any

from guardrails.content.text import FreeObject, Member, Source
from guardrails.content.walk import Mode, Root, Walk

# Every field that may hold content, how it is read, and who wrote it where nothing in it says so.
REQUEST_FIELDS: dict[str, tuple[Mode, Source]] = {
    "messages": ("parts", "user"),
    "system": ("parts", "system"),
    "prompt": ("parts", "user"),
    "suffix": ("parts", "user"),
    "input": ("parts", "user"),
    "instructions": ("parts", "system"),
    "prediction": ("parts", "assistant"),
    "contents": ("parts", "user"),
    "system_instruction": ("parts", "system"),
    "systemInstruction": ("parts", "system"),
    "query": ("parts", "user"),
    "documents": ("free", "document"),
    "arguments": ("free", "user"),
    "mcp_arguments": ("free", "user"),
    "prompt_variables": ("free", "user"),
    "tools": ("definition", "system"),
    "functions": ("definition", "system"),
    "response_format": ("definition", "system"),
    "text": ("definition", "system"),
    "output_format": ("definition", "system"),
    "output_config": ("definition", "system"),
    "generationConfig": ("definition", "system"),
    "generation_config": ("definition", "system"),
    "config": ("definition", "system"),
    "extra_body": ("free", "user"),
    "user": ("parts", "user"),
    "safety_identifier": ("parts", "user"),
    "prompt_cache_key": ("parts", "user"),
}
# What tells one user, session or the like from another; the second are members of `metadata`, of which Anthropic's API
# knows `user_id` and Langfuse the others.
IDENTIFIERS = frozenset({"user", "safety_identifier", "prompt_cache_key"})
IDENTIFIERS_IN_METADATA = frozenset({
    "user_id", "session_id", "trace_id", "existing_trace_id", "trace_name", "trace_user_id", "trace_release",
    "trace_version", "generation_id", "generation_name", "parent_observation_id", "tags", "release", "environment",
})  # fmt: skip
FILE_FIELDS = frozenset({"image", "images", "mask", "file", "video", "document", "input_reference"})
# Settings, identifiers, credentials, and what LiteLLM keeps beside a request. Any other field of a request is passed
# on to the provider, or added to what it gets, and may hold content.
OTHER_FIELDS = frozenset({
    "model", "metadata", "litellm_metadata", "tags", "service_tier", "previous_response_id", "conversation",
    "response_id", "tool_choice", "toolConfig", "tool_config", "function_call", "audio", "voice", "logit_bias",
    "modalities", "timeout", "cache", "stream_options", "encoding_format", "api_key", "api_base", "base_url",
    "api_version", "proxy_server_request", "secret_fields", "litellm_params", "litellm_call_id", "litellm_trace_id",
    "litellm_session_id", "litellm_logging_obj", *FILE_FIELDS,
})  # fmt: skip

# Whatever a client sends under this name, LiteLLM puts the request's headers there, before it keeps what was sent.
SET_BY_LITELLM = frozenset({"headers"})
KNOWN_FIELDS = OTHER_FIELDS | REQUEST_FIELDS.keys()


def request_fields(data: dict[str, Any]) -> list[str]:
    """The fields of a request that may hold content: those known to, and any that the client made up."""
    made_up = [field for field in made_up_fields(data) if isinstance(data[field], str | list | dict)]
    return [*(field for field in data if field in REQUEST_FIELDS), *made_up]


def made_up_fields(data: dict[str, Any]) -> list[str]:
    """The fields that no API has, and that LiteLLM adds to what the provider gets."""
    sent = _sent(data)
    return sorted(((data if sent is None else sent).keys() - KNOWN_FIELDS) & data.keys())


def is_plain_name(field: str) -> bool:
    """Whether it is letters only, as the names of settings are, so that no value stands there."""
    return field.isascii() and field.replace("_", "").isalpha()


def request_texts(data: dict[str, Any]) -> Walk:
    """The texts of a request body as LiteLLM hands it to hooks, whatever endpoint it came by."""
    roots: list[Root] = [_root(data, field) for field in data if field in REQUEST_FIELDS]
    owner = FreeObject(data)
    for field in made_up_fields(data):
        if not is_plain_name(field):
            roots += [(data, Member(owner, field), "free", "user")]
        elif isinstance(data[field], str | list | dict):
            roots += [(data, field, "free", "user")]
    if data.get("metadata"):
        roots += [_metadata_root(data["metadata"], name) for name in client_metadata(data)]
    uploads = [upload for field in data if field in FILE_FIELDS for upload in _uploads(data[field])]
    for upload in uploads:
        if isinstance(upload, io.BytesIO) and isinstance(getattr(upload, "name", None), str):
            roots += [(vars(upload), "name", "free", "user")]
    return Walk(roots, media=len(uploads))


def _root(data: dict[str, Any], field: str) -> Root:
    mode, source = REQUEST_FIELDS[field]
    return data, field, "identifier" if field in IDENTIFIERS and _identifies(data[field]) else mode, source


def _metadata_root(metadata: dict[str, Any], name: str) -> Root:
    is_identifier = name in IDENTIFIERS_IN_METADATA and _identifies(metadata[name])
    return metadata, name, "identifier" if is_identifier else "free", "user"


def _identifies(value: Any) -> bool:
    """Whether it is of the form that identifiers have; of another, all that is in it is content."""
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def client_metadata(data: dict[str, Any]) -> list[str]:
    """The names of those metadata that the client sent, which some providers get; beside them are LiteLLM's own."""
    metadata = data.get("metadata")
    if not isinstance(metadata, dict):
        return []
    if _sent(data) is None:
        return list(metadata)
    told = requester_metadata(data)
    return [name for name in told if name not in SET_BY_LITELLM and name in metadata and told[name] == metadata[name]]


def requester_metadata(data: dict[str, Any]) -> dict[str, Any]:
    """LiteLLM's copy of the metadata that the client sent, which goes to its loggers."""
    for field in ("metadata", "litellm_metadata"):
        kept = data.get(field)
        told = kept.get("requester_metadata") if isinstance(kept, dict) else None
        if isinstance(told, dict):
            return told
    return {}


def _sent(data: dict[str, Any]) -> dict[str, Any] | None:
    """The body as it came; without it, as for a request that is passed through, all of ``data`` is the client's."""
    snapshot = data.get("proxy_server_request")
    body = snapshot.get("body") if isinstance(snapshot, dict) else None
    return body if isinstance(body, dict) else None


def _uploads(value: Any) -> list[Any]:
    return [upload for upload in (value if isinstance(value, list) else [value]) if upload]
