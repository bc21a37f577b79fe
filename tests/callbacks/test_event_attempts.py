"""Which deployments were called, and what an event tells of the exchange."""

from __future__ import annotations

from typing import Any

import litellm
import pytest
from litellm.proxy._types import UserAPIKeyAuth

from callbacks.events import hook
from callbacks.events.exchange import answered, asked, parameters
from callbacks.events.usage import usage_by_kind
from inferspect.context import RequestContext
from inferspect.events.spool import Spool

HELLO = [{"role": "user", "content": "hello"}]


def call(deployment: str, group: str = "demo", **arguments: Any) -> dict[str, Any]:
    return {
        "model": "openai/gpt-4o",
        "messages": HELLO,
        "model_info": {"id": deployment},
        "metadata": {"model_group": group},
        **arguments,
    }


class RateLimited(Exception):  # noqa: N818  a provider's
    status_code = 429


async def test_each_call_of_a_deployment_is_an_attempt(context: RequestContext, spool: Spool) -> None:
    """A retry and a fallback are told in their order, with how each ended."""
    await hook.async_pre_call_deployment_hook(call("d-1"), None)
    await hook.async_post_call_failure_deployment_hook(call("d-1"), RateLimited(), None)
    await hook.async_pre_call_deployment_hook(call("d-2"), None)
    await hook.async_post_call_failure_deployment_hook(call("d-2"), TimeoutError(), None)
    await hook.async_pre_call_deployment_hook(call("d-3", "other"), None)
    await hook.async_post_call_success_deployment_hook(call("d-3"), litellm.ModelResponse(), None)
    told = [
        (attempt.deployment_id, attempt.model_group, attempt.error_class, attempt.error_status)
        for attempt in context.attempts
    ]
    assert told == [
        ("d-1", "demo", "RateLimited", 429),
        ("d-2", "demo", "TimeoutError", None),
        ("d-3", "other", None, None),
    ]
    assert all(attempt.seconds is not None and attempt.seconds >= 0 for attempt in context.attempts)
    assert (context.attempts[0].provider, context.attempts[0].model) == ("openai", "gpt-4o")


@pytest.mark.parametrize(
    ("arguments", "provider", "model"),
    [
        ({"model": "openrouter/meta/llama"}, "openrouter", "meta/llama"),
        ({"model": "meta/llama", "custom_llm_provider": "openrouter"}, "openrouter", "meta/llama"),
        ({"model": "gpt-4o"}, None, "gpt-4o"),
        ({"model": None}, None, None),
    ],
)
async def test_a_model_is_called_as_its_provider_calls_it(
    context: RequestContext, spool: Spool, arguments: dict[str, Any], provider: str | None, model: str | None
) -> None:
    """Whatever slashes that name has; only LiteLLM's own prefix is taken off."""
    await hook.async_pre_call_deployment_hook(call("d-1", **arguments), None)
    assert (context.attempts[0].provider, context.attempts[0].model) == (provider, model)


async def test_an_answer_that_does_not_name_its_provider_has_that_of_its_call(
    context: RequestContext, spool: Spool
) -> None:
    """LiteLLM's answers of Anthropic's models name none."""
    await hook.async_pre_call_deployment_hook(call("d-1"), None)
    await hook.async_post_call_success_deployment_hook(call("d-1"), litellm.ModelResponse(), None)
    await hook.async_post_call_success_hook({}, UserAPIKeyAuth(), litellm.ModelResponse())
    assert context.outcome.provider == "openai"


async def test_a_function_that_calls_another_for_the_same_deployment_is_one_attempt(
    context: RequestContext, spool: Spool
) -> None:
    """LiteLLM serves ``/v1/messages`` of OpenAI's models by its chat function."""
    await hook.async_pre_call_deployment_hook(call("d-1"), "anthropic_messages")
    await hook.async_pre_call_deployment_hook(call("d-1"), "acompletion")
    assert len(context.attempts) == 1


async def test_an_answer_from_the_cache_was_no_attempt(context: RequestContext, spool: Spool) -> None:
    """No deployment was called, so none is told."""
    await hook.async_pre_call_deployment_hook(call("d-1"), None)
    response = litellm.ModelResponse()
    response._hidden_params = {"cache_hit": True}  # noqa: SLF001  where LiteLLM keeps it
    await hook.async_post_call_success_hook({}, _key(), response)
    assert context.attempts == []


def _key() -> Any:
    return UserAPIKeyAuth()


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        ({"messages": HELLO}, HELLO),
        ({"input": "hello"}, "hello"),
        ({"prompt": ["a", "b"]}, ["a", "b"]),
        ({"messages": HELLO, "system": "be kind"}, {"messages": HELLO, "system": "be kind"}),
        ({"query": "q", "documents": ["d"]}, {"query": "q", "documents": ["d"]}),
        ({"query": "q"}, {"query": "q"}),
        ({"model": "demo"}, None),
    ],
)
def test_what_was_asked_is_found_whatever_the_api_calls_it(request_: dict[str, Any], expected: Any) -> None:
    """Alone where there is nothing beside it."""
    assert asked(request_) == expected


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ({"choices": [{"text": "hi"}]}, [{"text": "hi"}]),
        ({"content": [{"type": "text", "text": "hi"}]}, [{"type": "text", "text": "hi"}]),
        ({"output": [{"type": "message"}]}, [{"type": "message"}]),
        ({"data": [{"embedding": [0.1, 0.2]}, {"embedding": [0.1, 0.2]}]}, {"embeddings": 2, "dimensions": 2}),
        ({"data": [{"url": "https://example.com/cat.png"}]}, {"images": 1, "revised_prompt": None}),
        ({"text": "what was said"}, "what was said"),
        ({}, None),
        (None, None),
        ("withheld", None),
    ],
)
def test_what_was_answered_is_found_whatever_the_api_calls_it(response: Any, expected: Any) -> None:
    """Of vectors and media, how many there are."""
    assert answered(response) == expected


def test_parameters_hold_no_content() -> None:
    """Tools by name; what is long, or no setting of a model, is left out."""
    found = parameters(
        {
            **call("d-1"),
            "temperature": 0.5,
            "max_tokens": 10,
            "response_format": {"type": "json_object"},
            "reasoning": {"effort": "x" * 10_000},
            "seed": 2**70,
            "api_key": "secret",
            "tools": [
                {"type": "function", "function": {"name": "weather", "description": "content"}},
                {"type": "web"},
                7,
            ],
        }
    )
    assert found == {
        "temperature": 0.5,
        "max_tokens": 10,
        "response_format": {"type": "json_object"},
        "tools": ["weather", "web", "tool"],
    }


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (
            {
                "prompt_tokens_details": {"cached_tokens": 5, "audio_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 7, "audio_tokens": 0},
            },
            {"cached": 5, "audio_input": 2, "reasoning": 7},
        ),
        (
            {
                "input_tokens_details": {"cached_tokens": 5, "cache_write_tokens": 4},
                "output_tokens_details": {"reasoning_tokens": 7},
            },
            {"cached": 5, "cache_creation": 4, "reasoning": 7},
        ),
        ({"prompt_tokens_details": {"cache_write_tokens": 4}}, {"cache_creation": 4}),
        (
            {
                "cache_read_input_tokens": 5,
                "cache_creation_input_tokens": 3,
                "output_tokens_details": {"thinking_tokens": 2},
            },
            {"cached": 5, "cache_creation": 3, "reasoning": 2},
        ),
        ({"prompt_tokens_details": {"cached_tokens": -1}, "completion_tokens_details": "odd"}, {}),
        (None, {}),
    ],
)
def test_tokens_are_told_by_kind(usage: Any, expected: dict[str, int]) -> None:
    """From the usage of each API; what cannot be counted is left out."""
    assert usage_by_kind(usage) == expected
