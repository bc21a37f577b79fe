"""How Langfuse reads a span: its attributes ``langfuse.*`` become fields of an observation and of its trace.

Source: the attributes of Langfuse's SDK 5, and Langfuse's page on its OpenTelemetry endpoint. Names that other
instrumentations use (``gen_ai.*``, ``llm.*``) are read for model, usage and cost only.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

import orjson

from inferspect.testing.langfuse.records import Observation, Trace, readable
from inferspect.testing.otlp.spans import Span

_TRACE_METADATA = "langfuse.trace.metadata"
_METADATA = "langfuse.observation.metadata"
_OF_TRACE = (
    "langfuse.trace.name",
    "langfuse.trace.input",
    "langfuse.trace.output",
    "langfuse.trace.public",
    "langfuse.trace.tags",
    "user.id",
    "session.id",
    "langfuse.user.id",
    "langfuse.session.id",
)
_LEVELS = {"ERROR": "ERROR"}
_ENCODES_ALL_METADATA = 5  # since this version the SDK encodes strings, too


def observation_of(span: Span) -> Observation:
    """The observation that a span is."""
    said = span.attributes
    return Observation(
        id=span.span_id,
        trace_id=span.trace_id,
        parent_id=span.parent_id,
        type=str(said.get("langfuse.observation.type", "span")).lower(),
        name=span.name,
        start=span.started_at,
        end=span.ended_at,
        level=said.get("langfuse.observation.level") or _LEVELS.get(span.status, "DEFAULT"),
        status_message=said.get("langfuse.observation.status_message") or span.status_message or None,
        version=_first(said, "langfuse.version") or _first(span.resource, "service.version"),
        environment=_environment(span),
        model=_first(said, "langfuse.observation.model.name", "gen_ai.response.model", "gen_ai.request.model"),
        model_parameters=_object(said, "langfuse.observation.model.parameters"),
        input=readable(said.get("langfuse.observation.input")),
        output=readable(said.get("langfuse.observation.output")),
        usage_details=_object(said, "langfuse.observation.usage_details") or _usage(said),
        cost_details=_object(said, "langfuse.observation.cost_details") or _cost(said),
        completion_start_time=_time(said.get("langfuse.observation.completion_start_time")),
        metadata=_metadata(span, _METADATA),
        prompt_name=_first(said, "langfuse.observation.prompt.name"),
        prompt_version=said.get("langfuse.observation.prompt.version"),
    )


def trace_of(span: Span) -> Trace:
    """What a span says of its trace: a root much, another what its attributes name, most nothing but that it is."""
    said = span.attributes
    trace = Trace(id=span.trace_id, timestamp=span.started_at, environment=_environment(span))
    is_root = span.parent_id is None or str(said.get("langfuse.internal.as_root")).lower() == "true"
    if not is_root and not any(said.get(name) for name in _OF_TRACE) and not _metadata(span, _TRACE_METADATA):
        return trace
    trace.name = _first(said, "langfuse.trace.name") or (span.name if is_root else None)
    trace.user_id = _first(said, "langfuse.user.id", "user.id")
    trace.session_id = _first(said, "langfuse.session.id", "session.id", "gen_ai.conversation.id")
    trace.tags = _tags(said.get("langfuse.trace.tags") or said.get("langfuse.tags"))
    trace.release = _first(said, "langfuse.release") or _first(span.resource, "langfuse.release")
    trace.version = _first(said, "langfuse.version") or _first(span.resource, "service.version")
    if "langfuse.trace.public" in said:
        trace.public = str(said["langfuse.trace.public"]).lower() == "true"
    trace.metadata = _metadata(span, _TRACE_METADATA)
    trace.input, trace.output = said.get("langfuse.trace.input"), said.get("langfuse.trace.output")
    if is_root:
        trace.metadata = {**_metadata(span, _METADATA), **trace.metadata}
        trace.input = trace.input or said.get("langfuse.observation.input")
        trace.output = trace.output or said.get("langfuse.observation.output")
    trace.input, trace.output = readable(trace.input), readable(trace.output)
    return trace


def _first(attributes: dict[str, Any], *names: str) -> str | None:
    return next((str(attributes[name]) for name in names if attributes.get(name)), None)


def _environment(span: Span) -> str:
    names = ("langfuse.environment", "deployment.environment.name", "deployment.environment")
    return _first(span.attributes, *names) or _first(span.resource, *names) or "default"


def _object(attributes: dict[str, Any], name: str) -> dict[str, Any]:
    value = readable(attributes.get(name))
    return value if isinstance(value, dict) else {}


def _usage(attributes: dict[str, Any]) -> dict[str, Any]:
    names = {"input_tokens": "input", "output_tokens": "output", "total_tokens": "total"}
    return {
        kind: attributes[f"gen_ai.usage.{name}"] for name, kind in names.items() if f"gen_ai.usage.{name}" in attributes
    }


def _cost(attributes: dict[str, Any]) -> dict[str, Any]:
    return {"total": attributes["gen_ai.usage.cost"]} if attributes.get("gen_ai.usage.cost") else {}


def _tags(value: Any) -> list[str]:
    tags = readable(value)
    if isinstance(tags, str):
        return [tag.strip() for tag in tags.split(",")]
    return [str(tag) for tag in tags or ()]


def _time(text: Any) -> datetime | None:
    """A time in ISO 8601; the SDK encodes it as JSON."""
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(str(text).strip('"'))
    return None


def _metadata(span: Span, prefix: str) -> dict[str, Any]:
    major = span.scope_version.partition(".")[0]
    all_json = span.scope.startswith("langfuse-sdk") and major.isdecimal() and int(major) >= _ENCODES_ALL_METADATA
    found = {
        name.removeprefix(f"{prefix}."): _decoded(value) if all_json else readable(value)
        for name, value in span.attributes.items()
        if name.startswith(f"{prefix}.")
    }
    whole = span.attributes.get(prefix)
    if whole is None:
        return found
    value = _decoded(whole) if all_json else readable(whole)
    return {**(value if isinstance(value, dict) else {"metadata": value}), **found}


def _decoded(value: Any) -> Any:
    try:
        return orjson.loads(value)
    except (orjson.JSONDecodeError, TypeError):
        return value
