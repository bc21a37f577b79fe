"""Reads an outcome from what LiteLLM hands to its callbacks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeGuard

from callbacks.events.usage import LARGEST_COUNT, completion_tokens, field, is_count, prompt_tokens, usage_by_kind

if TYPE_CHECKING:
    from inferspect.context import Outcome

# LiteLLM's names of the costs by kind.
COSTS = {
    "input": "input_cost",
    "cached": "cache_read_cost",
    "cache_creation": "cache_creation_cost",
    "output": "output_cost",
    "reasoning": "reasoning_cost",
    "tools": "tool_usage_cost",
}
LARGEST_COST = 1e9


def from_response(response: Any, outcome: Outcome) -> bool:
    """Take model, tokens, cost and cache from a whole response; returns whether both tokens and cost are known.

    An answer from the cache still says what it cost when it was made.
    """
    hidden = field(response, "_hidden_params") or {}
    outcome.model = _text(field(response, "model")) or outcome.model
    outcome.deployment_id = _text(field(hidden, "model_id")) or outcome.deployment_id
    outcome.provider = _text(field(hidden, "custom_llm_provider")) or outcome.provider
    outcome.cache_hit = outcome.cache_hit or field(hidden, "cache_hit") is True
    outcome.finish_reason = _finish_reason(response) or outcome.finish_reason
    usage = field(response, "usage")
    if (prompt := prompt_tokens(usage)) is not None:
        outcome.prompt_tokens = prompt
    if (completion := completion_tokens(usage)) is not None:
        outcome.completion_tokens = completion
    if outcome.prompt_tokens is not None:
        outcome.total_tokens = min(outcome.prompt_tokens + (outcome.completion_tokens or 0), LARGEST_COUNT - 1)
    outcome.usage = usage_by_kind(usage) or outcome.usage
    cost = field(hidden, "response_cost")
    if _is_cost(cost):
        outcome.cost = 0.0 if outcome.cache_hit else float(cost)
    return outcome.total_tokens is not None and outcome.cost is not None


def from_logging_payload(payload: Mapping[str, Any], outcome: Outcome) -> None:
    """Take the same from LiteLLM's standard logging payload, which knows streams and every endpoint."""
    outcome.provider = _text(payload.get("custom_llm_provider")) or outcome.provider
    # Whole answers name a model as its provider does; the payload's response of a stream has the client's name of it.
    model = _text(payload.get("model"))
    outcome.model = outcome.model or (model and model.removeprefix(f"{outcome.provider}/"))
    outcome.deployment_id = _text(payload.get("model_id")) or outcome.deployment_id
    outcome.cache_hit = outcome.cache_hit or payload.get("cache_hit") is True
    outcome.finish_reason = outcome.finish_reason or _finish_reason(payload.get("response"))
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        if is_count(payload.get(name)):
            setattr(outcome, name, payload[name])
    usage = field(payload.get("metadata"), "usage_object")
    outcome.usage = usage_by_kind(usage) or outcome.usage
    cost = payload.get("response_cost")
    if _is_cost(cost):
        outcome.cost = 0.0 if outcome.cache_hit else float(cost)
    from_cost_breakdown(payload.get("cost_breakdown"), outcome)


def from_cost_breakdown(breakdown: Any, outcome: Outcome) -> None:
    """Take the cost by kind of what it costs; an answer from the cache costs nothing."""
    found: dict[str, float] = {}
    for kind, name in COSTS.items():
        cost = field(breakdown, name)
        if isinstance(cost, int | float) and 0 < cost < LARGEST_COST:
            found[kind] = float(cost)
    outcome.cost_details = {} if outcome.cache_hit else found or outcome.cost_details


def _finish_reason(response: Any) -> str | None:
    """In the provider's words: of OpenAI's first choice, of Anthropic's message."""
    choices = field(response, "choices")
    if isinstance(choices, list) and choices:
        return _text(field(choices[0], "finish_reason"))
    return _text(field(response, "stop_reason"))


def _is_cost(value: Any) -> TypeGuard[int | float]:
    """Whether it can be added up: one infinite amount would be the sum of a counter for ever."""
    return isinstance(value, int | float) and math.isfinite(value)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
