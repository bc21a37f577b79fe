"""Spans in OpenTelemetry's protocol (OTLP 1.x, protobuf).

A request of the protocol is a list of resources with spans, so the serialised requests of several events, one after the
other, are one request of all of them: each event is encoded once, and batches are made and split by joining bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2

import inferspect

if TYPE_CHECKING:
    from inferspect.spans.span import Span

Attribute = str | bool | int | float | Sequence[str]
Attributes = Mapping[str, Attribute | None]
KINDS = {"request": trace_pb2.Span.SPAN_KIND_SERVER, "guardrail": trace_pb2.Span.SPAN_KIND_INTERNAL}
SCOPE = InstrumentationScope(name="inferspect", version=inferspect.__version__)
LARGEST = 2**63


def encode(resource: Attributes, common: Attributes, spans: Iterable[tuple[Span, Attributes]]) -> bytes:
    """The spans of one event, with their attributes, as a whole request; attributes without a value are left out.

    Args:
        common: attributes of every span.
    """
    shared = _attributes(common)
    encoded = trace_pb2.ResourceSpans(
        resource=Resource(attributes=_attributes(resource)),
        scope_spans=[trace_pb2.ScopeSpans(scope=SCOPE, spans=[_span(span, shared, given) for span, given in spans])],
    )
    body: bytes = ExportTraceServiceRequest(resource_spans=[encoded]).SerializeToString()
    return body


def _span(span: Span, shared: list[KeyValue], own: Attributes) -> trace_pb2.Span:
    status = trace_pb2.Status()
    if span.level == "ERROR":
        status = trace_pb2.Status(code=trace_pb2.Status.STATUS_CODE_ERROR, message=span.message or "")
    return trace_pb2.Span(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_id or b"",
        name=span.name,
        kind=KINDS.get(span.kind, trace_pb2.Span.SPAN_KIND_CLIENT),
        start_time_unix_nano=span.start,
        end_time_unix_nano=span.end,
        attributes=[*shared, *_attributes(own)],
        status=status,
    )


def _attributes(attributes: Attributes) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in attributes.items() if value is not None]


def _value(value: Attribute) -> AnyValue:
    match value:
        case bool():
            return AnyValue(bool_value=value)
        case int() if -LARGEST <= value < LARGEST:
            return AnyValue(int_value=value)
        case int() | float():
            return AnyValue(double_value=float(value))
        case str():
            return AnyValue(string_value=_storable(value))
    return AnyValue(array_value=ArrayValue(values=[AnyValue(string_value=_storable(item)) for item in value]))


def _storable(text: str) -> str:
    """Without what UTF-8 cannot hold, which protobuf refuses."""
    return text.encode("utf-8", "replace").decode("utf-8")
