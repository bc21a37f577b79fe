from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import litellm
from hypothesis import given
from hypothesis import strategies as st
from litellm.proxy._types import UserAPIKeyAuth

from callbacks.events import hook
from callbacks.events.outcome import from_logging_payload, from_response
from inferspect.context import Outcome, RequestContext
from inferspect.events.event import GatewayEvent
from inferspect.events.spool import Spool

KEY = UserAPIKeyAuth(token="hash", key_alias="key", user_id="u", team_id="t", team_alias="T")
NOW = datetime.now(UTC)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["usage", "choices", "_hidden_params", "model", "response_cost", "prompt_tokens", "model_id"]
            ),
            inner,
        )
    ),
    max_leaves=10,
)


def answer(**hidden: Any) -> litellm.ModelResponse:
    response = litellm.ModelResponse(
        model="gpt", usage=litellm.Usage(prompt_tokens=3, completion_tokens=4, total_tokens=7)
    )
    response._hidden_params = hidden  # noqa: SLF001  where LiteLLM keeps them
    return response


async def test_the_caller_and_the_call_are_noted(context: RequestContext) -> None:
    """The hash of the key, never the key; a client's texts only as far as an event keeps them."""
    data = {"model": "m" * 1000, "stream": True, "user": {"no": "text"}}
    await hook.async_pre_call_hook(KEY, None, data, "acompletion")  # type: ignore[arg-type]
    assert (context.key_hash, context.key_alias, context.user_id) == ("hash", "key", "u")
    assert (context.team_id, context.team_alias, context.call_type) == ("t", "T", "acompletion")
    assert (context.model, context.stream, context.end_user) == ("m" * 256, True, None)


async def test_a_whole_answer_settles_its_event(context: RequestContext) -> None:
    """Tokens and cost are known before the response leaves."""
    response = answer(response_cost=0.25, model_id="d-1", custom_llm_provider="openai", cache_hit=True)
    await hook.async_post_call_success_hook({}, KEY, response)
    outcome = context.outcome
    assert context.settled
    assert (outcome.model, outcome.deployment_id, outcome.provider) == ("gpt", "d-1", "openai")
    assert (outcome.prompt_tokens, outcome.completion_tokens, outcome.total_tokens) == (3, 4, 7)
    assert (outcome.cost, outcome.cache_hit) == (0.0, True)


async def test_without_a_cost_the_event_waits(context: RequestContext) -> None:
    """LiteLLM reports it later."""
    await hook.async_post_call_success_hook({}, KEY, answer())
    assert not context.settled


async def test_an_answer_of_anthropics_shape_is_read_too(context: RequestContext) -> None:
    """A plain dict with other names."""
    outcome = Outcome()
    assert not from_response({"model": "c", "usage": {"input_tokens": 5, "output_tokens": 6}}, outcome)
    assert (outcome.model, outcome.prompt_tokens, outcome.total_tokens) == ("c", 5, 11)


async def test_tokens_of_anthropics_cache_are_part_of_the_prompt(context: RequestContext) -> None:
    """Anthropic tells them beside the others, OpenAI among them; an event has them as OpenAI."""
    outcome = Outcome()
    usage = {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 30, "output_tokens": 6}
    from_response({"usage": usage, "stop_reason": "end_turn"}, outcome)
    assert (outcome.prompt_tokens, outcome.completion_tokens, outcome.total_tokens) == (135, 6, 141)
    assert outcome.usage == {"cached": 100, "cache_creation": 30}
    assert outcome.finish_reason == "end_turn"


def test_a_stream_names_its_model_as_a_whole_answer_does() -> None:
    """Without LiteLLM's name of the provider; what else has a slash is the provider's own."""
    outcome = Outcome()
    response = {"model": "demo", "choices": [{"finish_reason": "length"}]}
    payload = {"model": "openrouter/meta/llama", "custom_llm_provider": "openrouter", "response": response}
    from_logging_payload(payload, outcome)
    assert (outcome.model, outcome.provider, outcome.finish_reason) == ("meta/llama", "openrouter", "length")


@given(ANYTHING)
def test_whatever_litellm_hands_over_nothing_raises(payload: Any) -> None:
    """Observation never fails a request."""
    from_response(payload, Outcome())
    if isinstance(payload, dict):
        from_logging_payload(payload, Outcome())


async def test_a_failure_is_noted_with_its_class(context: RequestContext) -> None:
    """And who called, also where the refusal came before the call was noted."""
    await hook.async_post_call_failure_hook({"model": "m"}, KeyError("x"), KEY)
    assert (context.outcome.error_class, context.model, context.key_hash) == ("KeyError", "m", "hash")
    assert not context.stream_failed


async def test_a_failure_after_the_answer_began_is_a_broken_stream(context: RequestContext) -> None:
    """Its status was 200, and its event is a failure all the same."""
    context.status = 200
    await hook.async_post_call_failure_hook({}, ValueError("x"), KEY)
    assert context.stream_failed


async def test_a_stream_that_fails_before_its_first_byte_is_a_broken_stream(context: RequestContext) -> None:
    """LiteLLM may tell so in an event of the stream, after a status of 200."""
    context.stream = True
    await hook.async_post_call_failure_hook({}, ValueError("x"), KEY)
    assert context.stream_failed


async def test_a_cost_that_comes_after_the_answer_completes_the_event(context: RequestContext, spool: Spool) -> None:
    """Once: LiteLLM may report the same call twice."""
    context.request_id, context.status = str(uuid.uuid4()), 200
    context.recorded = context.ended = context.stream = True
    payload = {"standard_logging_object": {"response_cost": 0.5, "prompt_tokens": 1, "completion_tokens": 2}}
    for _ in range(2):
        await hook.async_log_success_event(payload, None, NOW, NOW)
    (event,) = [GatewayEvent.from_json(spooled.body) for spooled in await spool.ripe(10, 0)]
    assert (event.cost, event.prompt_tokens, event.complete, event.revision) == (0.5, 1, True, 1)


async def test_outside_of_a_request_nothing_happens() -> None:
    """Health checks and jobs of LiteLLM's run the same hooks."""
    await hook.async_pre_call_hook(KEY, None, {}, "acompletion")  # type: ignore[arg-type]
    await hook.async_post_call_success_hook({}, KEY, answer())
    await hook.async_post_call_failure_hook({}, ValueError("x"), KEY)
    await hook.async_log_success_event({}, None, NOW, NOW)
