"""What Langfuse is told of each span of a request."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from callbacks.langfuse_tracing import names

if TYPE_CHECKING:
    from inferspect.events.delivery import Content
    from inferspect.events.event import GatewayEvent
    from inferspect.spans.otlp import Attribute
    from inferspect.spans.span import Span

TYPES = {
    "request": "span",
    "generation": "generation",
    "embedding": "embedding",
    "tool": "tool",
    "attempt": "span",
    "guardrail": "guardrail",
    "cache": "span",
}
# Of which part of the tokens each kind is, and Langfuse's name for it.
INPUT_KINDS = {
    "cached": "input_cached_tokens",
    "cache_creation": "input_cache_creation",
    "audio_input": "input_audio_tokens",
}
OUTPUT_KINDS = {"reasoning": "output_reasoning_tokens", "audio_output": "output_audio_tokens"}

Attributes = dict[str, "Attribute | None"]
Amount = TypeVar("Amount", int, float)


def attributes_of_trace(
    event: GatewayEvent, environment: str | None, release: str | None, *, of_caller: bool
) -> Attributes:
    """On every span: Langfuse searches spans, and looks at no other for what is missing on one.

    Args:
        environment: where the request does not name one; so is ``release``.
        of_caller: the trace is the caller's: it is told of only what the request itself says of it.
    """
    told: Attributes = {
        names.TRACE_NAME: event.trace_name,
        names.USER_ID: event.end_user,
        names.SESSION_ID: event.session_id,
        names.TAGS: list(event.tags) or None,
        names.ENVIRONMENT: event.environment or environment,
        names.RELEASE: event.release,
    }
    if of_caller:
        return told
    return {
        **told,
        names.USER_ID: event.end_user or event.user_id,
        names.RELEASE: event.release or release,
        **{f"{names.TRACE_METADATA}.{name}": value for name, value in _whose(event).items()},
    }


def attributes_of(span: Span, event: GatewayEvent, content: Content, *, of_caller: bool) -> Attributes:
    """What one span has of its own, by Langfuse's names; ``of_caller`` as for :func:`attributes_of_trace`."""
    attributes: Attributes = {
        names.TYPE: TYPES[span.kind],
        names.LEVEL: span.level,
        names.STATUS_MESSAGE: span.message,
    }
    if span.kind == "request":
        attributes |= _of_request(event) | (_metadata(_whose(event)) if of_caller else _as_root(span))
    if span.kind == "request" or span.is_call:
        attributes |= {names.INPUT: content.input, names.OUTPUT: content.output}
    if span.is_call:
        attributes |= _of_call(event)
    return attributes | _metadata(span.about)


def _whose(event: GatewayEvent) -> dict[str, str | None]:
    return {"tenant_id": event.tenant_id, "tenant": event.tenant_alias, "key_alias": event.key_alias}


def _as_root(span: Span) -> Attributes:
    """Name, input and output of the span become those of its trace."""
    return {names.IS_APP_ROOT: True, names.AS_ROOT: True if span.parent_id else None}


def _of_request(event: GatewayEvent) -> Attributes:
    told = {
        "request_id": event.id,
        "client_request_id": event.client_request_id,
        "result": event.result,
        "status": event.status,
        "code": event.code,
        "error_class": event.error_class,
        "route": event.route,
        "stream": event.stream,
        "user_id": event.user_id,
        "seconds_to_response": event.seconds_to_response,
        "complete": event.complete,
    }
    return _metadata(told)


def _of_call(event: GatewayEvent) -> Attributes:
    first_token = event.seconds_to_first_token
    started = event.occurred_at + timedelta(seconds=first_token) if first_token is not None else None
    usage, cost = usage_details(event), cost_details(event)
    told = {
        "model_asked": event.model,
        "provider": event.provider,
        "deployment_id": event.deployment_id,
        "finish_reason": event.finish_reason,
        "cache_hit": event.result == "cached",
        "attempts": len(event.attempts),
    }
    attributes: Attributes = {
        names.MODEL: event.model_served or event.model,
        names.MODEL_PARAMETERS: json.dumps(event.parameters) if event.parameters else None,
        names.USAGE_DETAILS: json.dumps(usage) if usage else None,
        names.COST_DETAILS: json.dumps(cost) if cost else None,
        names.COMPLETION_START_TIME: json.dumps(started.isoformat()) if started else None,
        names.PROMPT_NAME: event.prompt_name,
        names.PROMPT_VERSION: event.prompt_version,
    }
    return attributes | _metadata(told)


def usage_details(event: GatewayEvent) -> dict[str, int]:
    """Tokens by Langfuse's kinds, none counted twice: it adds up those that begin alike."""
    if event.prompt_tokens is None and event.completion_tokens is None:
        return {}
    details: dict[str, int] = {}
    for whole, total, kinds in (
        ("input", event.prompt_tokens, INPUT_KINDS),
        ("output", event.completion_tokens, OUTPUT_KINDS),
    ):
        details |= _divided(whole, total or 0, kinds, event.usage)
    details["total"] = sum(details.values()) if event.total_tokens is None else event.total_tokens
    return details


def _divided(whole: str, total: Amount, kinds: dict[str, str], amounts: dict[str, Amount]) -> dict[str, Amount]:
    """The parts of a total by their kinds, and what is left of it."""
    parts: dict[str, Amount] = {}
    left = total
    for kind, name in kinds.items():
        if left and amounts.get(kind):
            parts[name] = min(left, amounts[kind])
            left -= parts[name]
    return {**parts, whole: left}


def cost_details(event: GatewayEvent) -> dict[str, float]:
    """What LiteLLM computed, by the kinds of tokens, none counted twice, and for tools.

    Where the cache answered without a figure it cost nothing, whatever the model's price.
    """
    if event.cost is None:
        return {"total": 0.0} if event.result == "cached" else {}
    details: dict[str, float] = {}
    for whole, kinds in (("input", INPUT_KINDS), ("output", OUTPUT_KINDS)):
        if whole in event.cost_details:
            details |= _divided(whole, event.cost_details[whole], kinds, event.cost_details)
    if "tools" in event.cost_details:
        details["tools"] = event.cost_details["tools"]
    return {**details, "total": event.cost}


def _metadata(values: Any) -> Attributes:
    return {f"{names.METADATA}.{name}": _plain(value) for name, value in values.items() if value not in (None, {}, [])}


def _plain(value: Any) -> Attribute:
    return value if isinstance(value, str | bool | int | float) else json.dumps(value)
