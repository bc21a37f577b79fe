"""The collector: ``POST /v1/traces`` as the OpenTelemetry Protocol asks for it."""

from __future__ import annotations

import threading
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from inferspect.testing.faults import Fault
from inferspect.testing.http_double import HttpDouble, json_reply
from inferspect.testing.otlp.spans import PROTOBUF, MalformedTracesError, Span, decode_traces
from inferspect.testing.upstream.exchange import Reply, Request

TRACES = "/v1/traces"


class OtlpCollector(HttpDouble):
    """Takes spans over OTLP/HTTP.

        with OtlpCollector() as collector:
            ...  # export to f"{collector.url}/v1/traces"
            assert [span.name for span in collector.spans()] == ["chat"]

    A span that comes again, by trace id and span id, takes the place of the earlier one.
    """

    takes_batches = True

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host=host, port=port)
        self._lock = threading.Lock()
        self._spans: dict[tuple[str, str], Span] = {}

    def spans(self, trace_id: str | None = None) -> list[Span]:
        """All spans, or those of one trace, in the order in which they came first."""
        with self._lock:
            return [span for span in self._spans.values() if trace_id in (None, span.trace_id)]

    def reset(self) -> None:
        super().reset()
        with self._lock:
            self._spans.clear()

    def control(self, method: str, name: str, body: bytes, options: dict[str, str]) -> Any:
        if (method, name) == ("GET", "spans"):
            return [asdict(span) for span in self.spans(options.get("trace_id"))]
        return super().control(method, name, body, options)

    def answer(self, request: Request, fault: Fault) -> Reply:
        if request.target.partition("?")[0] != TRACES:
            return json_reply({"message": f"there is only {TRACES}"}, HTTPStatus.NOT_FOUND)
        if request.method != "POST":
            return json_reply({"message": "traces are sent by POST"}, HTTPStatus.METHOD_NOT_ALLOWED)
        content_type = request.header(b"content-type") or ""
        try:
            spans = decode_traces(request.body, content_type, request.header(b"content-encoding") or "")
        except MalformedTracesError as error:
            return json_reply({"message": str(error)}, HTTPStatus.BAD_REQUEST)
        kept = spans[::2] if fault.partial else spans
        with self._lock:
            self._spans.update({(span.trace_id, span.span_id): span for span in kept})
        return _success(len(spans) - len(kept), in_protobuf=PROTOBUF in content_type)


def _success(rejected: int, *, in_protobuf: bool) -> Reply:
    reason = "told to refuse every other span" if rejected else ""
    if in_protobuf:
        partial = ExportTracePartialSuccess(rejected_spans=rejected, error_message=reason) if rejected else None
        body = ExportTraceServiceResponse(partial_success=partial).SerializeToString()
        return Reply(content_type=PROTOBUF, body=body)
    return json_reply({"partialSuccess": {"rejectedSpans": str(rejected), "errorMessage": reason}} if rejected else {})
