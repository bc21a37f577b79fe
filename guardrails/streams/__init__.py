"""Redaction of streamed answers, incrementally, of every API that LiteLLM speaks.

Log probabilities are taken out of every chunk, since they spell the text out token by token.
"""

from guardrails.streams.channel import Blocked, OpenRedactor, Redactor
from guardrails.streams.refused import StreamRefused
from guardrails.streams.stream import redacted_stream

__all__ = ["Blocked", "OpenRedactor", "Redactor", "StreamRefused", "redacted_stream"]
