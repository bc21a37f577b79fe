"""OTLP over HTTP: how spans are sent, and what an answer says of them."""

from __future__ import annotations

import gzip
from collections.abc import Sequence

import httpx
import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from inferspect.spans.answers import LONGEST_REASON, Refused
from inferspect.spans.export import Format

PROTOBUF = "application/x-protobuf"
LEVEL = 6  # of compression


def pack(bodies: Sequence[bytes]) -> bytes:
    """One request of several: see :mod:`inferspect.spans.otlp`."""
    return gzip.compress(b"".join(bodies), LEVEL, mtime=0)


def refused(response: httpx.Response) -> Refused | None:
    """OTLP's partial success, in protobuf or JSON."""
    if response.headers.get("content-type", "").startswith(PROTOBUF):
        try:
            said = ExportTraceServiceResponse.FromString(response.content).partial_success
        except DecodeError:
            return None
        count, message = said.rejected_spans, said.error_message
    else:
        try:
            partial = orjson.loads(response.content)["partialSuccess"]
            count, message = int(partial.get("rejectedSpans", 0)), str(partial.get("errorMessage", ""))
        except (ValueError, TypeError, KeyError, AttributeError):
            return None
    if count <= 0:
        return None
    return Refused(f"the receiver refuses {count} spans: {' '.join(message[:LONGEST_REASON].split())}")


FORMAT = Format(pack, {"content-type": PROTOBUF, "content-encoding": "gzip"}, refused)
