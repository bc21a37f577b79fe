"""Spans out of an OTLP/HTTP request for traces, in protobuf or JSON, compressed by gzip or not.

Source: the OpenTelemetry Protocol Specification 1.x, section OTLP/HTTP; trace and span ids are hexadecimal in its JSON.
"""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage
from opentelemetry.proto.trace.v1.trace_pb2 import Status

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
TRACE_ID_BYTES = 16
SPAN_ID_BYTES = 8


class MalformedTracesError(ValueError):
    """The request cannot be decoded."""


@dataclass(frozen=True, slots=True)
class SpanEvent:
    """Something that happened at one moment of a span; ``time`` is in nanoseconds since 1970."""

    name: str
    time: int
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One span as it was sent.

    Attributes:
        trace_id, span_id, parent_id: hexadecimal digits; ``parent_id`` is ``None`` where the trace begins.
        kind: such as ``SERVER``.
        start, end: nanoseconds since 1970.
        status: ``UNSET``, ``OK`` or ``ERROR``.
        links: trace id and span id of the spans that it is linked to.
    """

    trace_id: str
    span_id: str
    parent_id: str | None
    name: str
    kind: str
    start: int
    end: int
    status: str
    status_message: str
    attributes: dict[str, Any] = field(default_factory=dict)
    resource: dict[str, Any] = field(default_factory=dict)
    scope: str = ""
    scope_version: str = ""
    events: list[SpanEvent] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    trace_state: str = ""

    @property
    def started_at(self) -> datetime:
        return moment(self.start)

    @property
    def ended_at(self) -> datetime:
        return moment(self.end)


def moment(nanoseconds: int) -> datetime:
    """The time, to the microsecond."""
    seconds, rest = divmod(nanoseconds, 1_000_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1000)


def decode_traces(body: bytes, content_type: str, encoding: str = "") -> list[Span]:
    """The spans of a request, in the order in which they were sent.

    Args:
        body: as received.
        content_type: header of that name, with parameters or without.
        encoding: header ``Content-Encoding``.

    Raises:
        MalformedTracesError: it is not what the headers say, or an id does not have its length.
    """
    message = ExportTraceServiceRequest()
    try:
        plain = gzip.decompress(body) if "gzip" in encoding else body
        if PROTOBUF in content_type:
            message.ParseFromString(plain)
        elif JSON in content_type:
            ParseDict(_with_binary_ids(orjson.loads(plain)), message, ignore_unknown_fields=True)
        else:
            raise MalformedTracesError(f"the content type {content_type!r} is neither {PROTOBUF} nor {JSON}")
    except (DecodeError, ParseError, orjson.JSONDecodeError, AttributeError, TypeError) as error:
        raise MalformedTracesError(f"these are no traces: {error}") from error
    except (OSError, EOFError, zlib.error) as error:
        raise MalformedTracesError(f"the body cannot be decompressed: {error}") from error
    return list(_spans(message))


def _with_binary_ids(content: dict[str, Any]) -> dict[str, Any]:
    """With ids as protobuf's own JSON has them, in base64."""
    for resource in content.get("resourceSpans", ()):
        for scope in resource.get("scopeSpans", ()):
            for span in scope.get("spans", ()):
                for part in (span, *span.get("links", ())):
                    for name in part.keys() & {"traceId", "spanId", "parentSpanId"}:
                        part[name] = _base64_of(part[name])
    return content


def _base64_of(digits: str) -> str:
    try:
        return base64.b64encode(bytes.fromhex(digits)).decode()
    except ValueError as error:
        raise MalformedTracesError(f"the id {digits!r} is not hexadecimal") from error


def _spans(message: ExportTraceServiceRequest) -> Iterator[Span]:
    for in_resource in message.resource_spans:
        resource = _attributes(in_resource.resource.attributes)
        for in_scope in in_resource.scope_spans:
            for span in in_scope.spans:
                if len(span.trace_id) != TRACE_ID_BYTES or len(span.span_id) != SPAN_ID_BYTES:
                    raise MalformedTracesError(f"the span {span.name!r} has no trace id of 16 or no id of 8 bytes")
                yield _span(span, resource, in_scope.scope.name, in_scope.scope.version)


def _span(span: SpanMessage, resource: dict[str, Any], scope: str, version: str) -> Span:
    return Span(
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent_id=span.parent_span_id.hex() or None,
        name=span.name,
        kind=SpanMessage.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        status=Status.StatusCode.Name(span.status.code).removeprefix("STATUS_CODE_"),
        status_message=span.status.message,
        attributes=_attributes(span.attributes),
        resource=resource,
        scope=scope,
        scope_version=version,
        events=[SpanEvent(event.name, event.time_unix_nano, _attributes(event.attributes)) for event in span.events],
        links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        trace_state=span.trace_state,
    )


def _attributes(pairs: Iterable[KeyValue]) -> dict[str, Any]:
    return {pair.key: _plain(pair.value) for pair in pairs}


def _plain(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return _attributes(value.kvlist_value.values)
    if kind == "bytes_value":
        return value.bytes_value.hex()
    return None if kind is None else getattr(value, kind)
