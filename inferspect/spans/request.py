"""How a request says where it belongs in traces: by headers, and by what its body calls metadata.

Langfuse's names are those that LiteLLM knows: headers ``langfuse_trace_name`` and so on, and the same without
``langfuse_`` in ``metadata``. A hyphen does for an underscore, as some proxies drop headers with underscores. Whatever
is of the wrong type, too long or not printable counts as absent: no request fails because of how it wants to be traced.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from inferspect.context import Trace
from inferspect.spans.w3c import parse_parent, valid_state

LONGEST = 200  # characters, as Langfuse allows
MOST_TAGS = 20
LONGEST_TAGS = 8192  # characters of a header
ENVIRONMENT = re.compile(r"(?!langfuse)[a-z0-9_-]{1,40}")  # as Langfuse allows
VENDOR_SESSION = re.compile(r"x-[a-z0-9-]+-session-id")  # such as `x-claude-code-session-id`
METADATA = ("metadata", "litellm_metadata")


def trace_of(headers: Mapping[str, str], body: Mapping[str, Any]) -> Trace:
    """How the client wants the request to be found; what it does not say, or not validly, is absent.

    Args:
        headers: by lower-case names.
        body: as parsed; anything may be in it.
    """
    parent = parse_parent(headers.get("traceparent"))
    environment = _named(headers, body, "environment", "trace_environment")
    return Trace(
        parent=str(parent) if parent else None,
        state=valid_state(headers.get("tracestate")) if parent else None,
        session_id=_session(headers, body),
        name=_named(headers, body, "trace_name") or _named(headers, body, "generation_name"),
        tags=_tags(headers, body),
        release=_named(headers, body, "trace_release", "release"),
        environment=environment if environment and ENVIRONMENT.fullmatch(environment) else None,
    )


def end_user_of(headers: Mapping[str, str], body: Mapping[str, Any]) -> str | None:
    """Whom the client serves: ``user``, as OpenAI has it, or what LiteLLM and Langfuse call it."""
    return (
        _text(headers.get("x-litellm-end-user-id"))
        or _named(headers, body, "trace_user_id")
        or _text(body.get("user"))
        or next((user for metadata in _metadata(body) if (user := _text(metadata.get("user_id")))), None)
    )


def _session(headers: Mapping[str, str], body: Mapping[str, Any]) -> str | None:
    return (
        _text(headers.get("x-session-id"))
        or _text(headers.get("x-litellm-session-id"))
        or _named(headers, body, "session_id")
        or _text(body.get("litellm_session_id"))
        or next((_text(value) for name, value in headers.items() if VENDOR_SESSION.fullmatch(name)), None)
    )


def _named(headers: Mapping[str, str], body: Mapping[str, Any], *names: str) -> str | None:
    """The first that is valid, headers before metadata."""
    for name in names:
        for header in (f"langfuse_{name}", f"langfuse-{name.replace('_', '-')}"):
            if text := _text(headers.get(header)):
                return text
    return next((text for at in _metadata(body) for name in names if (text := _text(at.get(name)))), None)


def _tags(headers: Mapping[str, str], body: Mapping[str, Any]) -> tuple[str, ...]:
    """Of all places, each once, in their order."""
    sources = [
        headers.get("langfuse_tags") or headers.get("langfuse-tags"),
        headers.get("x-litellm-tags"),
        *(metadata.get("tags") for metadata in _metadata(body)),
        body.get("tags"),
    ]
    found = dict.fromkeys(tag for source in sources for tag in _listed(source))
    return tuple(found)[:MOST_TAGS]


def _listed(source: Any) -> Iterator[str]:
    """Texts of a list, of a JSON list in a header, or between commas."""
    if isinstance(source, str):
        source = _parts(source[:LONGEST_TAGS])
    if isinstance(source, (list, tuple)):
        for value in source[: MOST_TAGS * 2]:
            if text := _text(value):
                yield text


def _parts(header: str) -> Any:
    if header.lstrip().startswith("["):
        try:
            return json.loads(header)
        except (ValueError, RecursionError):
            return None
    return header.split(",")


def _metadata(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for name in METADATA:
        value = body.get(name)
        if isinstance(value, Mapping):
            yield value


def _text(value: Any) -> str | None:
    if not isinstance(value, str) or len(value) > LONGEST * 2:
        return None
    text = value.strip()
    return text if 0 < len(text) <= LONGEST and text.isprintable() else None
