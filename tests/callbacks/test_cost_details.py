"""What each kind of tokens cost, as LiteLLM computes it."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import litellm
import pytest
from litellm.litellm_core_utils.litellm_logging import Logging
from litellm.proxy._types import UserAPIKeyAuth

from callbacks.events import hook
from callbacks.events.outcome import from_cost_breakdown
from callbacks.langfuse_tracing.attributes import cost_details, usage_details
from inferspect.context import Outcome, RequestContext
from inferspect.events.event import event_of
from inferspect.events.spool import Spool

NOW = datetime.now(UTC)
PRICES = {
    "input_cost_per_token": 1e-3,
    "cache_read_input_token_cost": 1e-4,
    "output_cost_per_token": 1e-2,
    "output_cost_per_reasoning_token": 2e-2,
}


@pytest.fixture
def model() -> str:
    """The name of a model with a price for each kind of tokens."""
    name = f"priced-{uuid.uuid4()}"
    litellm.register_model({name: {**PRICES, "litellm_provider": "openai", "mode": "chat"}})
    return name


def answered(model: str, **hidden: Any) -> tuple[litellm.ModelResponse, Logging]:
    """An answer, and where LiteLLM keeps what it computed about its cost."""
    usage = litellm.Usage(
        prompt_tokens=100,
        completion_tokens=30,
        total_tokens=130,
        prompt_tokens_details={"cached_tokens": 60},  # type: ignore[arg-type]
        completion_tokens_details={"reasoning_tokens": 10},  # type: ignore[arg-type]
    )
    response = litellm.ModelResponse(model=model, usage=usage)
    logging = Logging(model, [], False, "acompletion", NOW, "id", "id")
    cost = litellm.completion_cost(response, model=model, custom_llm_provider="openai", litellm_logging_obj=logging)
    response._hidden_params = {"response_cost": cost, **hidden}  # noqa: SLF001  where LiteLLM keeps them
    return response, logging


async def test_a_whole_answer_has_its_costs_by_kind(context: RequestContext, model: str) -> None:
    """Before it leaves, as its cost; cached and reasoning tokens are parts of the prompt's and the answer's."""
    response, logging = answered(model)
    await hook.async_post_call_success_hook({"litellm_logging_obj": logging}, UserAPIKeyAuth(), response)
    assert context.outcome.cost == pytest.approx(0.446)
    assert context.outcome.cost_details == pytest.approx(
        {"input": 0.046, "cached": 0.006, "output": 0.4, "reasoning": 0.2}
    )


async def test_a_stream_has_them_from_its_report(context: RequestContext, spool: Spool, model: str) -> None:
    """LiteLLM reports it when the stream has ended."""
    _, logging = answered(model)
    context.stream = True
    payload = {"response_cost": 0.446, "cost_breakdown": logging.cost_breakdown}
    await hook.async_log_success_event({"standard_logging_object": payload}, None, NOW, NOW)
    assert context.outcome.cost_details["cached"] == pytest.approx(0.006)


async def test_langfuse_is_told_each_once(context: RequestContext, model: str) -> None:
    """By the names of the kinds of tokens, and so that they add up to the total."""
    response, logging = answered(model)
    await hook.async_post_call_success_hook({"litellm_logging_obj": logging}, UserAPIKeyAuth(), response)
    told = event_of(context, 1, complete=True)
    costs = cost_details(told)
    assert costs == pytest.approx(
        {
            "input": 0.04,
            "input_cached_tokens": 0.006,
            "output": 0.2,
            "output_reasoning_tokens": 0.2,
            "total": 0.446,
        }
    )
    assert set(costs) == set(usage_details(told))
    assert sum(costs.values()) == pytest.approx(2 * costs["total"])


async def test_an_answer_from_the_cache_cost_nothing(context: RequestContext, model: str) -> None:
    """Of no kind, whatever it cost when it was made."""
    response, logging = answered(model, cache_hit=True)
    await hook.async_post_call_success_hook({"litellm_logging_obj": logging}, UserAPIKeyAuth(), response)
    assert (context.outcome.cost, context.outcome.cost_details) == (0.0, {})


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), -1.0, 0, 10**400, "1", None, [1]])
def test_only_what_can_be_added_up_is_kept(odd: Any) -> None:
    """And nothing under names that nobody knows."""
    outcome = Outcome()
    from_cost_breakdown({"input_cost": odd, "output_cost": 0.5, "additional_costs": {"x": 1}, "more": 1.0}, outcome)
    assert outcome.cost_details == {"output": 0.5}
    from_cost_breakdown(odd, outcome)
    assert outcome.cost_details == {"output": 0.5}
