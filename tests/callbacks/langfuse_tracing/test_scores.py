from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from callbacks.langfuse_tracing.scores import ScoreConsumer, combined
from callbacks.langfuse_tracing.traces import TraceConsumer
from inferspect.events.delivery import DONE, Consumers, Delivered, Delivery, Rejected, Retry
from inferspect.events.score import Score, are_traced
from inferspect.testing.langfuse import LangfuseCollector
from tests.callbacks.langfuse_tracing.conftest import OWN_KEYS, OWN_PUBLIC, PUBLIC, Tenants, delivery, posted
from tests.spans.events import OCCURRED, PARENT, event


async def test_scores_arrive_on_the_trace(
    langfuse: LangfuseCollector, consumer: TraceConsumer, scores: ScoreConsumer
) -> None:
    """Names, values and types are those that were posted, and the trace is the request's."""
    told = event(id=str(uuid.UUID(int=1)))
    await consumer.deliver([delivery(told)])
    assert await scores.deliver([posted(environment="staging")]) == [DONE]
    [trace_id] = langfuse.traces()
    found = {score.name: score for score in langfuse.scores()}
    assert {name: (score.value, score.data_type) for name, score in found.items()} == {
        "Relevance": (0.8, "NUMERIC"),
        "Language": ("vi", "CATEGORICAL"),
        "JSON": (1, "BOOLEAN"),
    }
    assert {(score.trace_id, score.observation_id) for score in found.values()} == {(trace_id, None)}
    assert {(score.timestamp, score.environment) for score in found.values()} == {(OCCURRED, "staging")}
    assert found["JSON"].comment == "it was asked for"


async def test_a_second_delivery_overwrites(langfuse: LangfuseCollector, scores: ScoreConsumer) -> None:
    """Scores have ids and times of their requests, so there are as many as before."""
    await scores.deliver([posted()])
    await scores.deliver([posted()])
    assert [score.arrivals for score in langfuse.scores()] == [2, 2, 2]


async def test_in_a_shared_trace_scores_name_the_request(
    langfuse: LangfuseCollector, consumer: TraceConsumer, scores: ScoreConsumer
) -> None:
    """A caller's trace may hold several requests: each score says whose it is."""
    await consumer.deliver([delivery(event(id=str(uuid.UUID(int=1)), trace_parent=PARENT))])
    await scores.deliver([posted(trace_parent=PARENT)])
    trace = langfuse.traces()[PARENT[3:35]]
    assert {(score.trace_id, score.observation_id) for score in langfuse.scores()} == {(trace.id, trace.roots[0].id)}


async def test_scores_of_a_session_s_trace_name_the_request(
    langfuse: LangfuseCollector, make: Callable[..., Any]
) -> None:
    """Where traces are by session, a score is on the trace of its request's session, and says whose it is."""
    consumer, scores = (make(kind, traces_by="session") for kind in (TraceConsumer, ScoreConsumer))
    ids = [str(uuid.UUID(int=number)) for number in (1, 2)]
    await consumer.deliver([delivery(event(id=one, session_id="conversation")) for one in ids])
    await scores.deliver([posted(Score("Relevance", 0.5), id=one, session_id="conversation") for one in ids])
    [trace] = langfuse.traces().values()
    assert {(score.trace_id, score.observation_id) for score in langfuse.scores()} == {
        (trace.id, root.id) for root in trace.roots
    }
    assert len(trace.roots) == 2


async def test_scores_go_to_the_tenant_s_project(
    langfuse: LangfuseCollector, scores: ScoreConsumer, tenants: Tenants
) -> None:
    """Where its traces are; and nowhere, where it has none."""
    tenants.give("team-1", **OWN_KEYS)
    tenants.give("team-3", enabled=False)
    deliveries = [posted(number=1), posted(number=2, tenant_id="team-2"), posted(number=3, tenant_id="team-3")]
    assert await scores.deliver(deliveries) == [DONE] * 3
    assert (len(langfuse.scores(OWN_PUBLIC)), len(langfuse.scores(PUBLIC))) == (3, 3)


async def test_one_score_that_is_refused_takes_no_other_with_it(
    langfuse: LangfuseCollector, scores: ScoreConsumer
) -> None:
    """Langfuse tells how many it refused, not which: they are found, and only their message is given up."""
    results = await scores.deliver([posted(number=1), posted(Score("", 1.0), number=2), posted(number=3)])
    assert [type(result) for result in results] == [type(DONE), Rejected, type(DONE)]
    assert isinstance(results[1], Rejected)
    assert results[1].reason.startswith("Langfuse refuses the score: name:")
    assert len(langfuse.scores()) == 6


async def test_many_scores_are_few_requests(langfuse: LangfuseCollector, scores: ScoreConsumer) -> None:
    """A batch of messages is one list of scores."""
    assert await scores.deliver([posted(number=number) for number in range(20)]) == [DONE] * 20
    assert (langfuse.requests, len(langfuse.scores())) == (1, 60)


async def test_trouble_of_langfuse_is_waited_for(langfuse: LangfuseCollector, scores: ScoreConsumer) -> None:
    """Scores come again as traces do."""
    langfuse.behave("error-429-retry-after-3")
    assert await scores.deliver([posted()]) == [Retry("the receiver answers 429", 3.0)]


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (DONE, DONE, DONE),
        (DONE, Retry("r"), Retry("r")),
        (Rejected("j"), DONE, Rejected("j")),
        (Rejected("j"), Retry("r"), Retry("r")),
        (Retry("r"), Rejected("j"), Retry("r")),
    ],
)
def test_what_may_still_arrive_outweighs_what_never_will(one: Delivered, other: Delivered, both: Delivered) -> None:
    """A message with a refused score and one that did not arrive is delivered again, for the latter."""
    assert combined(one, other) == both


async def test_a_message_that_is_none_is_given_up(scores: ScoreConsumer) -> None:
    """What is not a message of scores never becomes one."""
    told = posted()
    for message in ({}, {**told.message, "scores": [{"name": 1}]}, {**told.message, "more": 1}):
        stray = Delivery("langfuse-scores", told.id, OCCURRED, None, 1, message=message)
        [result] = await scores.deliver([stray])
        assert isinstance(result, Rejected)


async def test_scores_are_posted_only_for_traces(
    make: Callable[..., Any], scores: ScoreConsumer, tenants: Tenants
) -> None:
    """Requests outside of the sample, and of tenants that are not traced, have no trace to join."""
    consumers = Consumers([make(), scores])
    assert are_traced(consumers, event())
    tenants.give("team-1", sample_rate=0)
    assert not are_traced(consumers, event())
    assert consumers.wanting(event(tenant_id="team-2")) == ["langfuse"]
