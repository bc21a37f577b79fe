"""What LiteLLM keeps of a request and an answer besides the objects that it hands to hooks.

LiteLLM makes its logging object before the first hook runs and refreshes only part of it afterwards, and not at all
for a refused request; it also keeps the provider's answer as it came. Whoever changes content calls these functions,
so that no logger ever sees what was taken out.
"""

from __future__ import annotations

from typing import Any

import httpx
from pydantic import BaseModel

from guardrails.content.requests import (
    KNOWN_FIELDS,
    client_metadata,
    is_plain_name,
    made_up_fields,
    request_fields,
    requester_metadata,
)
from guardrails.content.responses import empty_response, response_texts

WITHHELD = "<WITHHELD>"
LOGGED_FIELDS = ("messages", "input", "prompt", "contents", "query")
SEEN_LATE = frozenset({"aget_responses", "acancel_responses"})
NEVER_STREAMED = frozenset({"transcription", "rerank", "moderation", "image_generation", "aimage_edit", "aembedding"})


def let_hooks_see_answer(data: dict[str, Any], call_type: str) -> None:
    """Bring a request whose answer LiteLLM would not show to the hooks in time onto the way that the others go.

    Stored responses that are read back come to the last hook only, after LiteLLM has logged them: logging waits. On
    endpoints where LiteLLM hands all answers over as a whole, ``stream`` would only make them look like a stream to
    hooks, and a transcription come as the text of its events: it is taken out. To be called for every request before
    it is routed.
    """
    logging = data.get("litellm_logging_obj")
    if call_type in SEEN_LATE and logging is not None:
        logging.defer_async_logging = True
    if call_type in NEVER_STREAMED:
        data.pop("stream", None)


def refresh_request_copies(data: dict[str, Any]) -> None:
    """Bring LiteLLM's copies of a request to the state of ``data``, which a guardrail has changed."""
    snapshot = data.get("proxy_server_request")
    body = snapshot.get("body") if isinstance(snapshot, dict) else None
    if isinstance(body, dict):
        for renamed in body.keys() - data.keys() - KNOWN_FIELDS:
            del body[renamed]
        body.update({field: data[field] for field in request_fields(data)})
    _refresh_metadata(data, body)
    logging = data.get("litellm_logging_obj")
    details = getattr(logging, "model_call_details", None)
    if not isinstance(details, dict):
        return
    content = next((data[field] for field in LOGGED_FIELDS if data.get(field)), None)
    details["input"] = content
    logging.update_messages(_as_messages(content))  # type: ignore[union-attr]


def _refresh_metadata(data: dict[str, Any], body: Any) -> None:
    metadata = data.get("metadata")
    if not isinstance(metadata, dict):
        return
    told = requester_metadata(data)
    sent = body.get("metadata") if isinstance(body, dict) else None
    for name in told.keys() & metadata.keys():
        told[name] = metadata[name]
        if isinstance(sent, dict):
            sent[name] = metadata[name]


def _as_messages(content: Any) -> Any:
    """In the shape that LiteLLM's logging object gives to what is not a chat."""
    texts = [content] if isinstance(content, str) else content
    if isinstance(texts, list) and texts and isinstance(texts[0], str):
        return [{"role": "user", "content": text} for text in texts]
    return texts


def withhold_request(data: dict[str, Any]) -> None:
    """Take all content out of a request that could not be scanned, so that its refusal is logged without it."""
    for field in made_up_fields(data):
        if not is_plain_name(field):
            del data[field]
    for name in client_metadata(data):
        data["metadata"][name] = WITHHELD
    for field in request_fields(data):
        data[field] = [{"role": "user", "content": WITHHELD}] if field == "messages" else WITHHELD
    refresh_request_copies(data)


def refresh_response_copies(request: dict[str, Any], response: Any) -> None:
    """Replace LiteLLM's copies of a provider's answer as it came, after a guardrail has changed ``response``."""
    details = getattr(request.get("litellm_logging_obj"), "model_call_details", None)
    if isinstance(details, dict):
        _replace_raw(details)
        if isinstance(details.get("httpx_response"), httpx.Response):
            details["httpx_response"] = _as_received(details["httpx_response"], response)
    hidden = getattr(response, "_hidden_params", None)
    _replace_raw(vars(hidden) if isinstance(hidden, BaseModel) else hidden)


def _replace_raw(members: Any) -> None:
    if isinstance(members, dict) and members.get("original_response") is not None:
        members["original_response"] = WITHHELD


def _as_received(received: httpx.Response, response: Any) -> httpx.Response:
    """What LiteLLM logs an answer of ``/v1/messages`` from: the provider's HTTP response, not the one hooks get."""
    headers = [(name, value) for name, value in received.headers.items() if not name.startswith("content-")]
    return httpx.Response(received.status_code, headers=headers, json=response if isinstance(response, dict) else {})


def withhold_response(request: dict[str, Any], response: Any) -> None:
    """Take all content out of an answer that must not be given, and keep LiteLLM from caching what is left."""
    try:
        for text in response_texts(response):
            if text is not None:
                text.set("{}" if text.is_json else WITHHELD)
    except Exception:  # noqa: BLE001  # what cannot be walked text by text is taken away as a whole
        empty_response(response)
    refresh_response_copies(request, response)
    caching = request.get("cache")
    request["cache"] = {**(caching if isinstance(caching, dict) else {}), "no-store": True}
