"""Requests that are a part of the caller's trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from langfuse import Langfuse, propagate_attributes
from langfuse._client.resource_manager import LangfuseResourceManager
from opentelemetry.sdk.trace import TracerProvider

from callbacks.langfuse_tracing.traces import TraceConsumer
from inferspect.testing.langfuse import LangfuseCollector
from tests.callbacks.langfuse_tracing.conftest import PUBLIC, SECRET, delivery
from tests.spans.events import PARENT, event


@pytest.fixture
def application(langfuse: LangfuseCollector) -> Iterator[Langfuse]:
    """Langfuse's own SDK in an application that calls the gateway."""
    provider = TracerProvider()
    client = Langfuse(public_key=PUBLIC, secret_key=SECRET, base_url=langfuse.url, tracer_provider=provider)
    yield client
    client.shutdown()
    provider.shutdown()
    LangfuseResourceManager.reset()  # it would keep its threads' objects for ever


async def test_a_caller_s_trace_stays_the_caller_s(
    langfuse: LangfuseCollector, consumer: TraceConsumer, application: Langfuse
) -> None:
    """With a traceparent the request hangs below the caller's span; what the caller said of its trace is kept."""
    with application.start_as_current_observation(name="checkout", input="question") as span:
        with propagate_attributes(user_id="app-user", session_id="app-session", tags=["app"], metadata={"tenant": "x"}):
            application.start_observation(name="step").end()
        span.update(output="answer")
    application.flush()
    before = langfuse.traces()[span.trace_id]
    assert (before.name, before.input, before.user_id) == ("checkout", "question", "app-user")

    parent = f"00-{span.trace_id}-{span.id}-01"
    await consumer.deliver([delivery(end_user=None, trace_parent=parent, occurred_at=datetime.now(UTC))])
    after = langfuse.traces()[span.trace_id]
    [request] = [one for one in after.observations.values() if one.metadata.get("request_id")]
    assert request.parent_id == span.id
    assert (request.metadata["tenant_id"], request.metadata["key_alias"]) == ("team-1", "alias")
    assert replace(after, observations={}) == replace(before, observations={})


async def test_a_request_may_name_its_caller_s_trace(langfuse: LangfuseCollector, consumer: TraceConsumer) -> None:
    """What it says itself is meant for the trace: name, user, session, tags, release."""
    told = event(trace_parent=PARENT, trace_name="named", session_id="s", tags=["a"], release="v1")
    await consumer.deliver([delivery(told)])
    trace = langfuse.traces()[PARENT[3:35]]
    assert (trace.name, trace.user_id, trace.session_id, trace.tags, trace.release) == (
        "named",
        "customer",
        "s",
        ["a"],
        "v1",
    )


async def test_a_trace_whose_beginning_is_elsewhere_is_the_request_s(
    langfuse: LangfuseCollector, make: Callable[..., Any]
) -> None:
    """Where callers' spans do not come to Langfuse, a trace has name, input and output of the request in it."""
    await make(callers_traces="elsewhere").deliver([delivery(trace_parent=PARENT, end_user=None)])
    trace = langfuse.traces()[PARENT[3:35]]
    assert [root.parent_id for root in trace.roots] == [PARENT[36:52]]
    assert (trace.name, trace.user_id, trace.metadata["tenant_id"]) == (
        "POST /v1/chat/completions",
        "developer",
        "team-1",
    )
    assert trace.input == [{"role": "user", "content": "Hello <EMAIL_ADDRESS_1>"}]
