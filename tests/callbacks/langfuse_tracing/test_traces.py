from __future__ import annotations

import gzip
import random
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from callbacks.langfuse_tracing.traces import TraceConsumer
from inferspect.events.delivery import DONE, Content, Delivery, Rejected, Retry
from inferspect.spans.troubles import LONGEST_PAUSE
from inferspect.testing.langfuse import LangfuseCollector
from tests.callbacks.langfuse_tracing.conftest import OWN_KEYS, OWN_PUBLIC, PUBLIC, Tenants, delivery
from tests.spans.clock import Clock
from tests.spans.events import REQUEST_ID, attempt, event, verdict

TRACE_ID = uuid.UUID(REQUEST_ID).hex
NOISE = Content(f'"{random.Random(7).randbytes(3000).hex()}"', None)


def many(count: int, **changed: Any) -> list[Delivery]:
    return [delivery(id=str(uuid.UUID(int=number + 1)), **changed) for number in range(count)]


async def test_a_request_becomes_a_trace(langfuse: LangfuseCollector, consumer: TraceConsumer) -> None:
    """What Langfuse then shows is what the event and its content say."""
    told = event(
        stream=True,
        seconds_to_first_token=0.25,
        session_id="conversation",
        trace_name="checkout",
        tags=["a", "b"],
        release="v1",
        environment="staging",
        usage={"cached": 60, "audio_input": 10, "reasoning": 15},
        cost=0.0012,
        cost_details={"input": 0.0009, "cached": 0.0002, "output": 0.0004, "reasoning": 0.0001, "tools": 0.00005},
        prompt_name="greeting",
        prompt_version=3,
        verdicts=[verdict(decision="modify", counts={"EMAIL_ADDRESS": 1})],
    )
    assert await consumer.deliver([delivery(told)]) == [DONE]

    trace = langfuse.traces()[TRACE_ID]
    assert (trace.name, trace.session_id, trace.user_id, trace.tags) == (
        "checkout",
        "conversation",
        "customer",
        ["a", "b"],
    )
    assert (trace.release, trace.environment) == ("v1", "staging")
    assert trace.metadata["tenant_id"] == "team-1"
    assert (trace.metadata["tenant"], trace.metadata["key_alias"]) == ("Team One", "alias")
    assert (trace.metadata["request_id"], trace.metadata["result"], trace.metadata["status"]) == (
        REQUEST_ID,
        "success",
        200,
    )
    assert trace.input == [{"role": "user", "content": "Hello <EMAIL_ADDRESS_1>"}]
    [root] = trace.roots
    assert root.parent_id is None

    [call] = trace.of_type("generation")
    assert (call.parent_id, call.name, call.level, call.status_message) == (root.id, "chat demo", "DEFAULT", None)
    assert (call.model, call.metadata["model_asked"], call.metadata["provider"]) == ("gpt-demo-2026", "demo", "openai")
    assert call.model_parameters == {"temperature": 0.2, "max_tokens": 50}
    assert call.input == [{"role": "user", "content": "Hello <EMAIL_ADDRESS_1>"}]
    assert call.output == [{"message": {"content": "Hi"}}]
    assert call.usage_details == {
        "input": 30,
        "input_cached_tokens": 60,
        "input_audio_tokens": 10,
        "output": 25,
        "output_reasoning_tokens": 15,
        "total": 140,
    }
    assert call.cost_details == pytest.approx(
        {
            "input": 0.0007,
            "input_cached_tokens": 0.0002,
            "output": 0.0003,
            "output_reasoning_tokens": 0.0001,
            "tools": 0.00005,
            "total": 0.0012,
        }
    )
    assert call.completion_start_time is not None
    assert (call.completion_start_time - told.occurred_at).total_seconds() == 0.25
    assert (call.prompt_name, call.prompt_version, call.environment) == ("greeting", 3, "staging")

    [guardrail] = trace.of_type("guardrail")
    assert (guardrail.metadata["decision"], guardrail.metadata["counts"]) == ("modify", {"EMAIL_ADDRESS": 1})
    [first] = [one for one in trace.observations.values() if one.parent_id == call.id]
    assert (first.metadata["deployment_id"], first.metadata["reason"]) == ("demo-1", "first")


async def test_failures_and_what_was_tried_are_shown(langfuse: LangfuseCollector, consumer: TraceConsumer) -> None:
    """Levels and messages tell how it ended, and each attempt why it failed."""
    failed = attempt(error_class="RateLimitError", error_status=429)
    told = event(result="failure", status=429, code="rate_limited", attempts=[failed, failed], usage={}, cost=None)
    await consumer.deliver([delivery(told, Content())])
    trace = langfuse.traces()[TRACE_ID]
    levels = [(one.level, one.status_message) for one in trace.observations.values()]
    assert levels == [
        ("ERROR", "rate_limited"),
        ("ERROR", "rate_limited"),
        ("WARNING", "RateLimitError 429"),
        ("ERROR", "RateLimitError 429"),
    ]
    assert trace.of_type("generation")[0].cost_details == {}


async def test_a_cached_answer_cost_nothing(langfuse: LangfuseCollector, consumer: TraceConsumer) -> None:
    """Langfuse would otherwise compute a cost by the model's price."""
    await consumer.deliver([delivery(result="cached", cost=None, attempts=[])])
    [call] = langfuse.traces()[TRACE_ID].of_type("generation")
    assert call.cost_details == {"total": 0.0}
    assert call.metadata["cache_hit"] is True


async def test_a_second_delivery_overwrites(langfuse: LangfuseCollector, consumer: TraceConsumer) -> None:
    """After a crash the same request comes again: the trace is one, with what was known last."""
    await consumer.deliver([delivery(cost=None, complete=False)])
    await consumer.deliver([delivery(revision=3)])
    [trace] = langfuse.traces().values()
    assert len(trace.observations) == 3
    assert trace.of_type("generation")[0].cost_details == {"total": 0.0012}


@pytest.mark.parametrize("settings", [{"content": "none"}, {}])
async def test_content_stays_here_where_rules_say_so(
    langfuse: LangfuseCollector, tenants: Tenants, make: Callable[..., Any], settings: dict[str, Any]
) -> None:
    """Neither request nor answer goes along if the gateway's settings or the tenant's rules say `none`."""
    tenants.give("team-1", content="redacted" if settings else "none")
    assert await make(**settings).deliver([delivery()]) == [DONE]
    assert not any(b"Hello" in gzip.decompress(request.body) for request in langfuse.received)
    assert langfuse.traces()[TRACE_ID].of_type("generation")[0].input is None


async def test_a_tenant_has_a_project_of_its_own(
    langfuse: LangfuseCollector, tenants: Tenants, consumer: TraceConsumer
) -> None:
    """Each project gets the requests of its tenants, in one request for all of them."""
    tenants.give("team-1", **OWN_KEYS, environment="own")
    others = many(5, tenant_id="team-2")
    assert await consumer.deliver([others[0], delivery(), *others[1:]]) == [DONE] * 6
    assert list(langfuse.traces(OWN_PUBLIC)) == [TRACE_ID]
    assert langfuse.traces(OWN_PUBLIC)[TRACE_ID].environment == "own"
    assert len(langfuse.traces(PUBLIC)) == 5
    assert langfuse.requests == 2


async def test_one_project_in_trouble_keeps_no_other_waiting(
    langfuse: LangfuseCollector, tenants: Tenants, consumer: TraceConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong keys of one tenant are tried again later; the others' traces arrive."""
    monkeypatch.setenv("LANGFUSE_TEAM_1_SECRET_KEY", "sk-lf-" + "wrong")
    tenants.give("team-1", **OWN_KEYS)
    first, second = await consumer.deliver([delivery(), delivery(id=str(uuid.UUID(int=1)), tenant_id="team-2")])
    assert first == Retry("the receiver refuses the key (401)")
    assert second == DONE


async def test_a_tenant_without_its_project_waits_and_is_told_of_once(
    langfuse: LangfuseCollector, tenants: Tenants, consumer: TraceConsumer
) -> None:
    """Its traces arrive once its rules are right; meanwhile nothing of it goes to the gateway's project."""
    tenants.give("team-1", public_key="os.environ/LITELLM_MASTER_KEY", secret_key="os.environ/LITELLM_MASTER_KEY")
    with capture_logs() as logs:
        for _ in range(2):
            [result] = await consumer.deliver([delivery()])
    assert isinstance(result, Retry)
    assert "tenant_secrets" in result.reason
    assert [line["tenant_id"] for line in logs] == ["team-1"]
    assert langfuse.requests == 0
    tenants.give("team-1", **OWN_KEYS)
    assert await consumer.deliver([delivery()]) == [DONE]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("error-500", Retry("the receiver answers 500")),
        ("error-503-retry-after-7", Retry("the receiver answers 503", 7.0)),
        ("error-429-retry-after-2.5", Retry("the receiver answers 429", 2.5)),
        ("error-403", Retry("the receiver refuses the key (403)")),
        ("error-404", Retry("the receiver answers 404: correct the address")),
        (
            "redirect-http://127.0.0.1:1/",
            Retry("the receiver redirects (302), which is not followed: correct the address"),
        ),
        ("drop", Retry("the receiver does not answer (RemoteProtocolError)")),
        ("hang", Retry("the receiver does not answer (TimeoutError)")),
    ],
)
async def test_trouble_of_the_receiver_is_waited_for(
    langfuse: LangfuseCollector, make: Callable[..., Any], clock: Clock, command: str, expected: Retry
) -> None:
    """All of the batch come again, as late as asked for, and only one request was wasted on it."""
    consumer = make(timeout=2, max_request_bytes=1024)
    langfuse.behave(command)
    assert await consumer.deliver(many(3)) == [expected] * 3
    assert langfuse.requests == 1
    langfuse.recover()
    clock.seconds += LONGEST_PAUSE
    assert await consumer.deliver(many(3)) == [DONE] * 3
    assert len(langfuse.traces()) == 3


async def test_a_server_that_is_gone_is_waited_for(make: Callable[..., Any]) -> None:
    """Nobody listens: it is tried again later."""
    [result] = await make(host="http://127.0.0.1:1").deliver([delivery()])
    assert result == Retry("the receiver does not answer (ConnectError)")


async def test_a_batch_that_is_too_large_is_split(langfuse: LangfuseCollector, consumer: TraceConsumer) -> None:
    """Until each request is small enough for the server, or whatever is before it."""
    langfuse.behave("limit-5000")
    deliveries = [delivery(content=NOISE, id=str(uuid.UUID(int=number + 1))) for number in range(8)]
    assert await consumer.deliver(deliveries) == [DONE] * 8
    assert len(langfuse.traces()) == 8
    assert langfuse.requests > 1


async def test_a_trace_that_is_too_large_arrives_without_content(
    langfuse: LangfuseCollector, consumer: TraceConsumer
) -> None:
    """A trace without its texts is better than none."""
    langfuse.behave("limit-2500")
    assert await consumer.deliver([delivery(content=NOISE)]) == [DONE]
    [call] = langfuse.traces()[TRACE_ID].of_type("generation")
    assert call.input is None
    assert call.usage_details["total"] == 140


async def test_what_is_too_large_without_content_is_given_up(
    langfuse: LangfuseCollector, consumer: TraceConsumer
) -> None:
    """It would never arrive."""
    langfuse.behave("limit-10")
    assert await consumer.deliver([delivery()]) == [Rejected("it is too large for the receiver (413)")]


async def test_batches_stay_below_a_size(langfuse: LangfuseCollector, make: Callable[..., Any]) -> None:
    """Many events go in few requests, none of which is larger than the setting, before compression."""
    consumer = make(max_request_bytes=32 * 1024)
    assert await consumer.deliver(many(40)) == [DONE] * 40
    sizes = [len(gzip.decompress(request.body)) for request in langfuse.received]
    assert 1 < len(sizes) < 40
    assert max(sizes) <= 32 * 1024


async def test_sampling_is_a_share_of_traces(make: Callable[..., Any], tenants: Tenants) -> None:
    """The gateway's rate counts unless the tenant's rules have one."""
    consumer = make(sample_rate=0.25)
    ids = random.Random(7)
    events = [event(id=str(uuid.UUID(int=ids.getrandbits(128), version=4))) for _ in range(1000)]
    assert sum(map(consumer.wants, events)) == pytest.approx(250, abs=60)
    tenants.give("team-1", sample_rate=0)
    assert not any(map(consumer.wants, events))


@pytest.mark.parametrize("missing", [("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"), ()])
async def test_nothing_is_wanted_where_nothing_is_configured(
    make: Callable[..., Any],
    langfuse: LangfuseCollector,
    tenants: Tenants,
    monkeypatch: pytest.MonkeyPatch,
    missing: Any,
) -> None:
    """No keys, or switched off: nothing is queued, and what was is done with; a tenant with a project goes on."""
    for name in missing:
        monkeypatch.delenv(name)
    consumer = make(enabled=bool(missing))
    assert not consumer.wants(event())
    assert await consumer.deliver([delivery()]) == [DONE]
    assert langfuse.requests == 0
    tenants.give("team-1", **OWN_KEYS)
    assert consumer.wants(event()) is bool(missing)


async def test_a_tenant_may_switch_it_off(consumer: TraceConsumer, tenants: Tenants) -> None:
    """Its requests are traced nowhere, whoever else's are."""
    tenants.give("team-1", enabled=False)
    assert not consumer.wants(event())
    assert consumer.wants(event(tenant_id="team-2"))


async def test_a_message_is_no_request(consumer: TraceConsumer) -> None:
    """What has no event never becomes a trace."""
    told = event()
    stray = Delivery("langfuse", told.id, told.occurred_at, None, 1, message={"a": 1})
    assert await consumer.deliver([stray]) == [Rejected("it is no request, so it has no trace")]


async def test_requests_are_as_langfuse_wants_them(langfuse: LangfuseCollector, consumer: TraceConsumer) -> None:
    """Compressed protobuf, with the version of ingestion that the SDK declares."""
    await consumer.deliver([delivery()])
    [request] = langfuse.received
    assert request.path == "/api/public/otel/v1/traces"
    assert request.headers["content-type"] == "application/x-protobuf"
    assert request.headers["content-encoding"] == "gzip"
    assert request.headers["x-langfuse-ingestion-version"] == "4"
