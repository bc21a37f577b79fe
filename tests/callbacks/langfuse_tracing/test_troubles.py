"""One receiver in trouble, and what that means for the others."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from callbacks.langfuse_tracing.scores import ScoreConsumer
from callbacks.langfuse_tracing.traces import TraceConsumer
from inferspect.events.delivery import DONE, Delivery, Retry
from inferspect.spans.troubles import LONGEST_PAUSE
from inferspect.testing.langfuse import LangfuseCollector
from tests.callbacks.langfuse_tracing.conftest import OWN_KEYS, OWN_PUBLIC, OWN_SECRET, Tenants, delivery, posted
from tests.spans.clock import Clock


@pytest.mark.parametrize("is_scores", [False, True])
async def test_a_project_that_hangs_holds_up_no_other(
    langfuse: LangfuseCollector, tenants: Tenants, make: Callable[..., Any], clock: Clock, is_scores: bool
) -> None:
    """Its deliveries wait for one request now and then, ever more seldom; the others' arrive all the while."""

    def batch(number: int) -> list[Delivery]:
        others = [(1000 + 10 * number + other, "team-2") for other in range(5)]
        told = [(str(uuid.UUID(int=one)), tenant) for one, tenant in [(number + 1, "team-1"), *others]]
        if is_scores:
            return [posted(id=one, tenant_id=tenant) for one, tenant in told]
        return [delivery(id=one, tenant_id=tenant) for one, tenant in told]

    with LangfuseCollector(keys={OWN_PUBLIC: OWN_SECRET}) as hung:
        hung.behave("hang")
        tenants.give("team-1", host=hung.url, **OWN_KEYS)
        consumer = make(ScoreConsumer if is_scores else TraceConsumer, timeout=1.5, allowed_hosts=[hung.url])
        with capture_logs() as logs:
            asked = []
            for number in range(40):
                first, *others = await consumer.deliver(batch(number))
                assert others == [DONE] * 5
                assert isinstance(first, Retry)
                assert first.reason == "the receiver does not answer (TimeoutError)"
                if first.after is None:
                    asked.append(number)
                clock.seconds += 1.0
            assert asked == [0, 1, 3, 7, 15, 31]
            assert hung.requests == len(asked)
            hung.recover()
            clock.seconds += LONGEST_PAUSE
            assert await consumer.deliver(batch(40)) == [DONE] * 6
    assert [(line["event"], line["tenant_id"]) for line in logs] == [
        ("traces wait: they do not arrive", "team-1"),
        ("traces arrive again", "team-1"),
    ]


async def test_a_project_in_trouble_is_told_of_once(
    langfuse: LangfuseCollector,
    tenants: Tenants,
    make: Callable[..., Any],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though another one at the same address is well all the while."""
    monkeypatch.setenv("LANGFUSE_TEAM_1_SECRET_KEY", "sk-lf-" + "wrong")
    tenants.give("team-1", **OWN_KEYS)
    consumer = make()
    with capture_logs() as logs:
        for _ in range(4):
            await consumer.deliver([delivery(), delivery(id=str(uuid.UUID(int=1)), tenant_id="team-2")])
            clock.seconds += LONGEST_PAUSE
    assert [(line["event"], line["tenant_id"], line["why"]) for line in logs] == [
        ("traces wait: they do not arrive", "team-1", "the receiver refuses the key (401)")
    ]


async def test_a_key_that_was_corrected_is_used_at_once(
    langfuse: LangfuseCollector, tenants: Tenants, make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits until the pause after the wrong one is over."""
    tenants.give("team-1", **OWN_KEYS)
    monkeypatch.setenv("LANGFUSE_TEAM_1_SECRET_KEY", "sk-lf-" + "wrong")
    consumer = make()
    assert await consumer.deliver([delivery()]) == [Retry("the receiver refuses the key (401)")]
    monkeypatch.setenv("LANGFUSE_TEAM_1_SECRET_KEY", OWN_SECRET)
    assert await consumer.deliver([delivery()]) == [DONE]
