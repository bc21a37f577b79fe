"""The OpenTelemetry collector decodes what OpenTelemetry's own exporter sends, and what others may."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from inferspect.testing.otlp import MalformedTracesError, OtlpCollector, decode_traces

TRACE_ID = "0123456789abcdef0123456789abcdef"
SPAN_ID = "0123456789abcdef"
IN_JSON = {
    "resourceSpans": [
        {
            "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "gateway"}}]},
            "scopeSpans": [
                {
                    "scope": {"name": "inferspect"},
                    "spans": [
                        {
                            "traceId": TRACE_ID,
                            "spanId": SPAN_ID,
                            "parentSpanId": "fedcba9876543210",
                            "name": "chat",
                            "kind": 2,
                            "startTimeUnixNano": "1700000000123456789",
                            "endTimeUnixNano": "1700000001000000000",
                            "attributes": [{"key": "tokens", "value": {"intValue": "12"}}],
                            "unknown": 1,
                        }
                    ],
                }
            ],
        }
    ]
}


@pytest.fixture
def collector() -> Iterator[OtlpCollector]:
    with OtlpCollector() as running:
        yield running


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_spans_of_the_exporter_arrive_with_all_their_parts(collector: OtlpCollector, compression: Compression) -> None:
    """Ids, times, kind, status, attributes of every type, events, links, resource and scope."""
    provider = TracerProvider(resource=Resource({"service.name": "gateway"}))
    exporter = OTLPSpanExporter(endpoint=f"{collector.url}/v1/traces", compression=compression)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("inferspect", "1.2")
    with tracer.start_as_current_span("request", kind=SpanKind.SERVER) as parent:
        link = Link(parent.get_span_context())
        with tracer.start_as_current_span("provider", kind=SpanKind.CLIENT, links=[link]) as child:
            child.set_attributes({"text": "xin chào", "count": 3, "share": 0.5, "whole": True, "tags": ["a", "b"]})
            child.add_event("retry", {"attempt": 2}, timestamp=1_700_000_000_000_000_001)
            child.set_status(Status(StatusCode.ERROR, "overloaded"))
    provider.shutdown()
    provided, requested = collector.spans()
    assert (requested.name, requested.kind, requested.parent_id) == ("request", "SERVER", None)
    assert provided.parent_id == requested.span_id
    assert provided.trace_id == requested.trace_id == trace.format_trace_id(parent.get_span_context().trace_id)
    assert provided.attributes == {"text": "xin chào", "count": 3, "share": 0.5, "whole": True, "tags": ["a", "b"]}
    assert (provided.status, provided.status_message) == ("ERROR", "overloaded")
    ((event),) = provided.events
    assert (event.name, event.time, event.attributes) == ("retry", 1_700_000_000_000_000_001, {"attempt": 2})
    assert provided.links == [(requested.trace_id, requested.span_id)]
    assert (provided.scope, provided.scope_version) == ("inferspect", "1.2")
    assert provided.resource["service.name"] == "gateway"
    assert requested.start <= provided.start <= provided.end <= requested.end
    assert collector.spans(TRACE_ID) == []
    assert len(collector.spans(requested.trace_id)) == 2


def test_json_is_taken_with_hexadecimal_ids(collector: OtlpCollector) -> None:
    """As the specification has it; fields that are not known are passed over."""
    answer = httpx.post(f"{collector.url}/v1/traces", json=IN_JSON)
    assert (answer.status_code, answer.json()) == (200, {})
    (span,) = collector.spans()
    assert (span.trace_id, span.span_id, span.parent_id) == (TRACE_ID, SPAN_ID, "fedcba9876543210")
    assert (span.start, span.attributes, span.kind) == (1_700_000_000_123_456_789, {"tokens": 12}, "SERVER")
    assert span.started_at.isoformat() == "2023-11-14T22:13:20.123456+00:00"


def test_a_span_that_comes_again_takes_the_place_of_the_earlier(collector: OtlpCollector) -> None:
    for _ in range(2):
        httpx.post(f"{collector.url}/v1/traces", json=IN_JSON).raise_for_status()
    assert len(collector.spans()) == 1


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (b"\xff", "application/x-protobuf", ""),
        (b"{", "application/json", ""),
        (b"[]", "application/json", ""),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"name": "x"}]}]}]}', "application/json", ""),
        (
            b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "zz", "spanId": "00"}]}]}]}',
            "application/json",
            "",
        ),
        (b'{"resourceSpans": 5}', "application/json", ""),
        (b"not compressed", "application/json", "gzip"),
        (gzip.compress(b"{}", mtime=0)[:-4], "application/json", "gzip"),
        (b"{}", "text/plain", ""),
    ],
)
def test_what_is_no_trace_is_refused(collector: OtlpCollector, body: bytes, content_type: str, encoding: str) -> None:
    """Status 400 and the reason, and nothing kept."""
    with pytest.raises(MalformedTracesError):
        decode_traces(body, content_type, encoding)
    headers = {"content-type": content_type, "content-encoding": encoding}
    answer = httpx.post(f"{collector.url}/v1/traces", content=body, headers=headers)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["message"]
    assert collector.spans() == []


def test_a_partial_success_says_how_many_spans_were_refused(collector: OtlpCollector) -> None:
    """In the encoding of the request."""
    spans = IN_JSON["resourceSpans"][0]["scopeSpans"][0]["spans"]
    twice = {"resourceSpans": [{"scopeSpans": [{"spans": [*spans, {**spans[0], "spanId": "1" * 16}]}]}]}
    collector.behave("partial")
    answer = httpx.post(f"{collector.url}/v1/traces", json=twice)
    assert answer.json()["partialSuccess"]["rejectedSpans"] == "1"
    assert [span.span_id for span in collector.spans()] == [SPAN_ID]
    collector.reset()
    answer = httpx.post(f"{collector.url}/v1/traces", headers={"content-type": "application/x-protobuf"})
    assert ExportTraceServiceResponse.FromString(answer.content) == ExportTraceServiceResponse()


def test_other_paths_and_methods_are_refused(collector: OtlpCollector) -> None:
    assert httpx.post(f"{collector.url}/v1/logs").status_code == httpx.codes.NOT_FOUND
    assert httpx.get(f"{collector.url}/v1/traces").status_code == httpx.codes.METHOD_NOT_ALLOWED


def test_spans_are_told_over_http(collector: OtlpCollector) -> None:
    """For a test that runs the collector as a process of its own."""
    httpx.post(f"{collector.url}/v1/traces", json=IN_JSON).raise_for_status()
    (span,) = httpx.get(f"{collector.url}/_double/spans?trace_id={TRACE_ID}").json()
    assert (span["name"], span["attributes"]) == ("chat", {"tokens": 12})
    assert httpx.get(f"{collector.url}/_double/spans?trace_id=0").json() == []
