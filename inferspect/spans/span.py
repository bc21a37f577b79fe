"""One span of a request, apart from how a receiver calls its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

SpanKind = Literal["request", "generation", "embedding", "tool", "attempt", "guardrail", "cache"]
Level = Literal["DEFAULT", "WARNING", "ERROR"]
CALLS = frozenset({"generation", "embedding", "tool"})  # kinds of the one span that stands for what was asked for


@dataclass(frozen=True, slots=True)
class Span:
    """What happened from when to when.

    Attributes:
        parent_id: ``None`` for the first of a trace.
        start: nanoseconds of Unix time, as is ``end``, which is never before.
        level: how it ended; ``message`` is a stable code or the class of an error, no content.
        about: of an attempt or a verdict, what the event has of it.
    """

    kind: SpanKind
    name: str
    trace_id: bytes
    span_id: bytes
    parent_id: bytes | None
    start: int
    end: int
    level: Level = "DEFAULT"
    message: str | None = None
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_call(self) -> bool:
        """Whether it stands for what was asked for: model, content, tokens and cost belong to it."""
        return self.kind in CALLS
