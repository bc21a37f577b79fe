"""What a collector is told of each span: OpenTelemetry's conventions, and names of our own for what they lack."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as gen_ai

from callbacks.tracing.messages import as_messages
from inferspect.spans.operation import operation_of

if TYPE_CHECKING:
    from inferspect.events.delivery import Content
    from inferspect.events.event import GatewayEvent
    from inferspect.spans.otlp import Attribute
    from inferspect.spans.span import Span

Attributes = dict[str, "Attribute | None"]

# LiteLLM's names of providers and those of the conventions, where they differ.
PROVIDERS = {
    "azure": "azure.ai.openai",
    "azure_ai": "azure.ai.inference",
    "bedrock": "aws.bedrock",
    "gemini": "gcp.gemini",
    "mistral": "mistral_ai",
    "vertex_ai": "gcp.vertex_ai",
    "watsonx": "ibm.watsonx.ai",
    "xai": "x_ai",
}
PARAMETERS = {
    "temperature": gen_ai.GEN_AI_REQUEST_TEMPERATURE,
    "top_p": gen_ai.GEN_AI_REQUEST_TOP_P,
    "top_k": gen_ai.GEN_AI_REQUEST_TOP_K,
    "n": gen_ai.GEN_AI_REQUEST_CHOICE_COUNT,
    "seed": gen_ai.GEN_AI_REQUEST_SEED,
    "max_tokens": gen_ai.GEN_AI_REQUEST_MAX_TOKENS,
    "max_completion_tokens": gen_ai.GEN_AI_REQUEST_MAX_TOKENS,
    "max_output_tokens": gen_ai.GEN_AI_REQUEST_MAX_TOKENS,
    "presence_penalty": gen_ai.GEN_AI_REQUEST_PRESENCE_PENALTY,
    "frequency_penalty": gen_ai.GEN_AI_REQUEST_FREQUENCY_PENALTY,
}
USAGE = {
    "cached": gen_ai.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS,
    "cache_creation": gen_ai.GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS,
    "reasoning": gen_ai.GEN_AI_USAGE_REASONING_OUTPUT_TOKENS,
    "audio_input": "inferspect.usage.audio_input_tokens",
    "audio_output": "inferspect.usage.audio_output_tokens",
}
ERROR_TYPE = "error.type"
STATUS_CODE = "http.response.status_code"


def attributes_of_trace(event: GatewayEvent) -> Attributes:
    """On every span."""
    return {
        "inferspect.tenant.id": event.tenant_id,
        "inferspect.tenant.alias": event.tenant_alias,
        gen_ai.GEN_AI_CONVERSATION_ID: event.session_id,
    }


def attributes_of(span: Span, event: GatewayEvent, content: Content) -> Attributes:
    """What one span has of its own."""
    told: Attributes = {"inferspect.message": span.message}
    if span.kind == "request":
        return told | _of_request(event)
    if span.is_call:
        return told | _of_call(event) | _of_content(content)
    if span.kind == "attempt":
        return told | _of_attempt(span.about)
    if span.kind == "guardrail":
        return told | _of_verdict(span.about)
    return told


def _of_request(event: GatewayEvent) -> Attributes:
    return {
        "http.request.method": event.method,
        "url.path": event.route,
        STATUS_CODE: event.status or None,
        "client.address": event.client_address,
        "user.id": event.end_user or event.user_id,
        "deployment.environment.name": event.environment,
        ERROR_TYPE: (event.code or event.error_class or str(event.status)) if event.result == "failure" else None,
        "inferspect.request.id": event.id,
        "inferspect.result": event.result,
        "inferspect.code": event.code,
        "inferspect.key.alias": event.key_alias,
        "inferspect.tags": list(event.tags) or None,
        "inferspect.release": event.release,
    }


def _of_call(event: GatewayEvent) -> Attributes:
    named: Attributes = {
        PARAMETERS[name]: _plain(event.parameters[name]) for name in PARAMETERS if name in event.parameters
    }
    usage: Attributes = {USAGE[kind]: count for kind, count in event.usage.items() if kind in USAGE}
    return {
        gen_ai.GEN_AI_OPERATION_NAME: operation_of(event),
        gen_ai.GEN_AI_PROVIDER_NAME: _provider(event.provider),
        gen_ai.GEN_AI_REQUEST_MODEL: event.model,
        gen_ai.GEN_AI_RESPONSE_MODEL: event.model_served,
        gen_ai.GEN_AI_REQUEST_STREAM: event.stream or None,
        gen_ai.GEN_AI_RESPONSE_FINISH_REASONS: [event.finish_reason] if event.finish_reason else None,
        gen_ai.GEN_AI_USAGE_INPUT_TOKENS: event.prompt_tokens,
        gen_ai.GEN_AI_USAGE_OUTPUT_TOKENS: event.completion_tokens,
        gen_ai.GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK: event.seconds_to_first_token,
        gen_ai.GEN_AI_PROMPT_NAME: event.prompt_name,
        "inferspect.prompt.version": event.prompt_version,
        "inferspect.cost.usd": event.cost,
        "inferspect.cache.hit": event.result == "cached",
        "inferspect.deployment.id": event.deployment_id,
        ERROR_TYPE: (event.error_class or event.code or str(event.status)) if event.result == "failure" else None,
        **named,
        **usage,
    }


def _of_content(content: Content) -> Attributes:
    return {
        gen_ai.GEN_AI_INPUT_MESSAGES: as_messages(content.input, "user"),
        gen_ai.GEN_AI_OUTPUT_MESSAGES: as_messages(content.output, "assistant"),
    }


def _of_attempt(attempt: Any) -> Attributes:
    return {
        gen_ai.GEN_AI_PROVIDER_NAME: _provider(attempt.get("provider")),
        gen_ai.GEN_AI_REQUEST_MODEL: attempt.get("model"),
        "inferspect.deployment.id": attempt.get("deployment_id"),
        "inferspect.model.group": attempt.get("model_group"),
        "inferspect.attempt.number": attempt.get("number"),
        "inferspect.attempt.reason": attempt.get("reason"),
        ERROR_TYPE: attempt.get("error_class"),
        STATUS_CODE: attempt.get("error_status"),
    }


def _of_verdict(verdict: Any) -> Attributes:
    counts = verdict.get("counts")
    return {
        "inferspect.guardrail.name": verdict.get("guardrail"),
        "inferspect.guardrail.decision": verdict.get("decision"),
        "inferspect.guardrail.direction": verdict.get("direction"),
        "inferspect.guardrail.code": verdict.get("code"),
        "inferspect.guardrail.dry_run": verdict.get("dry_run"),
        "inferspect.guardrail.findings": json.dumps(counts) if counts else None,
    }


def _provider(name: str | None) -> str | None:
    return PROVIDERS.get(name, name) if name else None


def _plain(value: Any) -> Attribute:
    return value if isinstance(value, str | bool | int | float) else json.dumps(value)
