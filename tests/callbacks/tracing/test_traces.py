from __future__ import annotations

import gzip
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import orjson
import pytest

from callbacks.tracing.traces import SpanConsumer
from inferspect.events.delivery import DONE, Content, Delivery, Rejected, Retry
from inferspect.observation.tracing import TracingSettings
from inferspect.spans.export import Sender
from inferspect.testing.otlp import OtlpCollector
from tests.spans.events import PARENT, REQUEST_ID, attempt, event, verdict

CONTENT = Content('[{"role": "user", "content": "Hello"}]', '[{"finish_reason": "stop", "message": {"content": "Hi"}}]')
KEY = "Bearer " + "collector-key"


@pytest.fixture(scope="module")
def running() -> Iterator[OtlpCollector]:
    with OtlpCollector() as started:
        yield started


@pytest.fixture
def collector(running: OtlpCollector, monkeypatch: pytest.MonkeyPatch) -> OtlpCollector:
    running.reset()
    monkeypatch.setenv("COLLECTOR_KEY", KEY)
    return running


@pytest.fixture
async def make(collector: OtlpCollector) -> AsyncIterator[Callable[..., SpanConsumer]]:
    made: list[SpanConsumer] = []

    def make_one(**settings: Any) -> SpanConsumer:
        chosen = TracingSettings.model_validate({"endpoint": collector.url, "timeout": 5, **settings})
        assert chosen.url is not None
        made.append(SpanConsumer(chosen, chosen.url, Sender(chosen.timeout)))
        return made[-1]

    yield make_one
    for consumer in made:
        await consumer.close()


def delivery(**changed: Any) -> Delivery:
    told = event(**changed)
    return Delivery("otlp", told.id, told.occurred_at, told.tenant_id, 1, told, CONTENT)


async def test_a_request_becomes_spans(collector: OtlpCollector, make: Callable[..., SpanConsumer]) -> None:
    """By OpenTelemetry's conventions for generative AI, and names of our own for what they lack."""
    told = delivery(
        trace_parent=PARENT,
        session_id="conversation",
        tags=["a"],
        stream=True,
        seconds_to_first_token=0.25,
        usage={"cached": 60, "reasoning": 15, "audio_input": 3},
        provider="bedrock",
        verdicts=[verdict(decision="modify", counts={"EMAIL_ADDRESS": 1})],
    )
    assert await make(service_name="gateway").deliver([told]) == [DONE]
    spans = {span.name: span for span in collector.spans()}
    root, call = spans["POST /v1/chat/completions"], spans["chat demo"]
    assert {span.trace_id for span in spans.values()} == {PARENT[3:35]}
    assert (root.parent_id, call.parent_id) == (PARENT[36:52], root.span_id)
    assert root.resource["service.name"] == "gateway"
    assert {span.attributes["gen_ai.conversation.id"] for span in spans.values()} == {"conversation"}
    assert (
        root.attributes.items()
        >= {
            "http.request.method": "POST",
            "http.response.status_code": 200,
            "url.path": "/v1/chat/completions",
            "client.address": "127.0.0.1",
            "inferspect.request.id": REQUEST_ID,
            "inferspect.result": "success",
            "inferspect.tenant.id": "team-1",
            "user.id": "customer",
        }.items()
    )
    assert (
        call.attributes.items()
        >= {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "aws.bedrock",
            "gen_ai.request.model": "demo",
            "gen_ai.response.model": "gpt-demo-2026",
            "gen_ai.request.temperature": 0.2,
            "gen_ai.request.max_tokens": 50,
            "gen_ai.request.stream": True,
            "gen_ai.usage.input_tokens": 100,
            "gen_ai.usage.output_tokens": 40,
            "gen_ai.usage.cache_read.input_tokens": 60,
            "gen_ai.usage.reasoning.output_tokens": 15,
            "inferspect.usage.audio_input_tokens": 3,
            "gen_ai.response.time_to_first_chunk": 0.25,
            "inferspect.cost.usd": 0.0012,
        }.items()
    )
    assert list(call.attributes["gen_ai.response.finish_reasons"]) == ["stop"]
    assert spans["guardrail pii (input)"].attributes["inferspect.guardrail.findings"] == '{"EMAIL_ADDRESS": 1}'


async def test_failures_are_errors(collector: OtlpCollector, make: Callable[..., SpanConsumer]) -> None:
    """With the class of the error, and each attempt with its own."""
    failed = attempt(error_class="RateLimitError", error_status=429)
    told = delivery(result="failure", status=429, code="rate_limited", error_class="RateLimitError", attempts=[failed])
    await make().deliver([told])
    said = {span.name: (span.status, span.attributes.get("error.type")) for span in collector.spans()}
    assert said == {
        "POST /v1/chat/completions": ("ERROR", "rate_limited"),
        "chat demo": ("ERROR", "RateLimitError"),
        "attempt 1 openai/gpt-demo": ("ERROR", "RateLimitError"),
    }


async def test_content_goes_along_only_where_it_is_asked_for(
    collector: OtlpCollector, make: Callable[..., SpanConsumer]
) -> None:
    """By default a collector gets none; the consumer does not even ask for it."""
    silent, telling = make(), make(content="redacted")
    assert (silent.needs_content, telling.needs_content) == (False, True)
    await silent.deliver([delivery()])
    assert b"Hello" not in gzip.decompress(collector.received[0].body)
    await telling.deliver([delivery()])
    [call] = [span for span in collector.spans() if span.name == "chat demo"]
    assert orjson.loads(call.attributes["gen_ai.input.messages"]) == [
        {"role": "user", "parts": [{"type": "text", "content": "Hello"}]}
    ]
    assert orjson.loads(call.attributes["gen_ai.output.messages"]) == [
        {"role": "assistant", "parts": [{"type": "text", "content": "Hi"}], "finish_reason": "stop"}
    ]


async def test_headers_go_along(
    collector: OtlpCollector, make: Callable[..., SpanConsumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read anew each time, so that a key that changed is used; while it is missing, spans wait."""
    consumer = make(headers={"authorization": "os.environ/COLLECTOR_KEY"})
    await consumer.deliver([delivery()])
    monkeypatch.setenv("COLLECTOR_KEY", "Bearer another")
    await consumer.deliver([delivery()])
    assert [request.headers["authorization"] for request in collector.received] == [KEY, "Bearer another"]
    monkeypatch.delenv("COLLECTOR_KEY")
    assert await consumer.deliver([delivery()]) == [Retry("os.environ/COLLECTOR_KEY is not set")]


async def test_a_header_s_odd_value_keeps_no_others_from_being_delivered(
    collector: OtlpCollector, make: Callable[..., SpanConsumer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key with a line break in it is trouble, and told as such."""
    monkeypatch.setenv("COLLECTOR_KEY", "Bearer a\r\nx-injected: 1")
    [result] = await make(headers={"authorization": "os.environ/COLLECTOR_KEY"}).deliver([delivery()])
    assert isinstance(result, Retry)
    assert collector.requests == 0


async def test_trouble_is_waited_for(collector: OtlpCollector, make: Callable[..., SpanConsumer]) -> None:
    """And what is no request is given up."""
    told = event()
    stray = Delivery("otlp", told.id, told.occurred_at, None, 1, message={"a": 1})
    collector.behave("error-503-retry-after-4", requests=1)
    results = await make().deliver([stray, delivery()])
    assert results == [Rejected("it is no request, so it has no spans"), Retry("the receiver answers 503", 4.0)]
    assert await make().deliver([delivery()]) == [DONE]


async def test_sampling_is_a_share_of_traces(make: Callable[..., SpanConsumer]) -> None:
    """All requests of a trace, or none."""
    consumer = make(sample_rate=0.5)
    wanted = [consumer.wants(event(id=str(uuid.uuid4()))) for _ in range(500)]
    assert sum(wanted) == pytest.approx(250, abs=60)
    assert len({consumer.wants(event(id=str(uuid.uuid4()), trace_parent=PARENT)) for _ in range(50)}) == 1
