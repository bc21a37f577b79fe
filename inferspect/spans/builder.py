"""From an event to its spans.

::

    request                      the whole, as the client saw it
    ├── guardrail pii (input)    one for each verdict
    ├── cache hit                where the cache answered
    ├── chat demo                what was asked for: model, content, tokens, cost
    │   ├── attempt 1            each call of a deployment: the first, a retry, a fallback
    │   └── attempt 2
    └── guardrail pii (output)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inferspect.spans.ids import span_id_of, trace_id_of
from inferspect.spans.operation import call_kind, operation_of
from inferspect.spans.span import Level, Span
from inferspect.spans.w3c import parse_parent

if TYPE_CHECKING:
    from inferspect.events.event import GatewayEvent
    from inferspect.spans.sessions import SessionTraces

NANOSECONDS = 10**9
LEVELS: dict[str, Level] = {"failure": "ERROR", "blocked": "WARNING", "aborted": "WARNING", "unknown": "WARNING"}
MESSAGES = {"aborted": "client_aborted", "unknown": "unknown_outcome"}
ANSWERED = frozenset({"success", "cached", "unknown"})


def spans_of(event: GatewayEvent, *, sessions: SessionTraces | None = None, passes: bool = True) -> list[Span]:
    """The spans of a request, the outermost first. Nothing but the event decides about them, ids and times included.

    Args:
        sessions: finds traces of sessions, where requests share them.
        passes: whether verdicts that found nothing are spans, too.
    """
    return list(_Building(event, sessions).spans(passes))


def call_span_id(request_id: str) -> bytes:
    """The id of the span that stands for what was asked for; known before it happens."""
    return span_id_of(request_id, "call")


def root_span_id(request_id: str) -> bytes:
    """The id of the span of the whole request."""
    return span_id_of(request_id, "request")


@dataclass(slots=True)
class _Building:
    event: GatewayEvent
    sessions: SessionTraces | None

    def spans(self, passes: bool) -> Iterator[Span]:
        event = self.event
        parent = parse_parent(event.trace_parent)
        yield Span(
            "request",
            event.trace_name or f"{event.method} {event.route}",
            self.trace_id,
            root_span_id(event.id),
            parent.span_id if parent else None,
            self.at(0),
            self.at(self.ended),
            self.level,
            self.message,
        )
        yield from self.verdicts(passes)
        if event.result == "cached":
            yield self.child("cache", "cache hit", 0, (0, event.seconds_to_response or self.ended))
        if event.attempts or (event.result in ANSWERED and event.model):
            yield from self.call()

    def call(self) -> Iterator[Span]:
        event = self.event
        began = _seconds(event.attempts[0].get("started")) if event.attempts else 0.0
        ended = self.ended if event.stream or not event.attempts else max(map(self.attempt_end, event.attempts))
        blocked = event.result == "blocked"  # by a guardrail, which has a span of its own
        yield Span(
            call_kind(event),
            f"{operation_of(event)} {event.model or event.model_served or ''}".strip(),
            self.trace_id,
            call_span_id(event.id),
            root_span_id(event.id),
            self.at(began),
            self.at(max(began, ended)),
            "DEFAULT" if blocked else self.level,
            None if blocked else self.message,
        )
        for index, attempt in enumerate(event.attempts):
            yield self.attempt(index, attempt)

    def attempt(self, index: int, attempt: Mapping[str, Any]) -> Span:
        """A failed one is a warning where another followed, as the client saw nothing of it."""
        is_last = index == len(self.event.attempts) - 1
        error, status = attempt.get("error_class"), attempt.get("error_status")
        failed = bool(error or status)
        model = "/".join(filter(None, (attempt.get("provider"), attempt.get("model"))))
        return Span(
            "attempt",
            f"attempt {index + 1} {model}".strip(),
            self.trace_id,
            span_id_of(self.event.id, "attempt", index),
            call_span_id(self.event.id),
            self.at(_seconds(attempt.get("started"))),
            self.at(self.attempt_end(attempt)),
            ("ERROR" if is_last else "WARNING") if failed else "DEFAULT",
            " ".join(str(part) for part in (error, status) if part) if failed else None,
            {**attempt, "number": index + 1, "reason": self.reason(index, attempt)},
        )

    def reason(self, index: int, attempt: Mapping[str, Any]) -> str:
        """Why it was made: LiteLLM falls back to another name of a model, and retries under the same."""
        group = attempt.get("model_group")
        if group and self.event.model and group != self.event.model:
            return "fallback"
        return "retry" if index else "first"

    def verdicts(self, passes: bool) -> Iterator[Span]:
        for index, verdict in enumerate(self.event.verdicts):
            decision, seconds = verdict.get("decision"), _seconds(verdict.get("seconds"))
            if decision == "pass" and not passes:
                continue
            blocks = decision == "block" and not verdict.get("dry_run")
            begins = verdict.get("started")
            if begins is None:
                begins = 0.0 if verdict.get("direction") == "input" else max(0.0, self.ended - seconds)
            yield self.child(
                "guardrail",
                f"guardrail {verdict.get('guardrail')} ({verdict.get('direction')})",
                index,
                (_seconds(begins), _seconds(begins) + seconds),
                level="WARNING" if blocks else "DEFAULT",
                message=verdict.get("code") if blocks else None,
                about=verdict,
            )

    def child(self, kind: Any, name: str, index: int, seconds: tuple[float, float], **more: Any) -> Span:
        return Span(
            kind,
            name,
            self.trace_id,
            span_id_of(self.event.id, kind, index),
            root_span_id(self.event.id),
            self.at(seconds[0]),
            self.at(seconds[1]),
            **more,
        )

    @property
    def trace_id(self) -> bytes:
        event = self.event
        session = (event.tenant_id, event.session_id)
        return trace_id_of(event.id, event.trace_parent, session=session, sessions=self.sessions)

    @property
    def ended(self) -> float:
        """Seconds after the request came; as far as anything is known of it, where its end is not."""
        if self.event.seconds_total is not None:
            return self.event.seconds_total
        known = [_seconds(a.get("started")) + _seconds(a.get("seconds")) for a in self.event.attempts]
        return max([*known, self.event.seconds_to_response or 0.0])

    def attempt_end(self, attempt: Mapping[str, Any]) -> float:
        started, seconds = _seconds(attempt.get("started")), attempt.get("seconds")
        return max(started, self.ended) if seconds is None else started + _seconds(seconds)

    def at(self, seconds: float) -> int:
        occurred = round(self.event.occurred_at.timestamp() * 1_000_000) * 1000
        return occurred + int(seconds * NANOSECONDS)

    @property
    def level(self) -> Level:
        return LEVELS.get(self.event.result, "DEFAULT")

    @property
    def message(self) -> str | None:
        event = self.event
        if event.result not in LEVELS:
            return None
        return event.code or event.error_class or MESSAGES.get(event.result) or f"status {event.status}"


def _seconds(value: Any) -> float:
    return max(0.0, float(value)) if isinstance(value, int | float) else 0.0
