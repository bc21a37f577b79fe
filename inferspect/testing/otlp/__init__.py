"""An OpenTelemetry collector that decodes the traces it gets, for tests of what is exported to one.

docs/testing-doubles.md is its reference.
"""

from .collector import OtlpCollector
from .spans import MalformedTracesError, Span, SpanEvent, decode_traces

__all__ = ["MalformedTracesError", "OtlpCollector", "Span", "SpanEvent", "decode_traces"]
