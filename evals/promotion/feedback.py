"""Requests whose answers people did not like: from scores in Langfuse back to events."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from evals.promotion.candidates import Candidate, Scope
from evals.promotion.langfuse_scores import Opinion
from inferspect.spans.builder import call_span_id, root_span_id
from inferspect.spans.ids import span_id_of, trace_id_of
from inferspect.spans.sessions import SessionTraces
from inferspect.spans.w3c import parse_parent

BEFORE = timedelta(days=7)  # that a request may be older than what is thought of it
MOST_ATTEMPTS = 10
TRACE_ID = re.compile(r"[0-9a-f]{32}")

EVENTS = """
SELECT CAST(e.id AS text) AS id, e.occurred_at, e.tenant_id, e.session_id, e.trace_parent FROM inferspect.events e
WHERE {conditions} AND e.method = 'POST' AND (
    e.id = ANY(CAST(:ids AS uuid[])) OR split_part(e.trace_parent, '-', 2) = ANY(:traces)
    OR (:by_session AND e.session_id IS NOT NULL))
ORDER BY e.occurred_at, e.id
"""


async def disliked(
    connection: AsyncConnection, scope: Scope, name: str, given: Sequence[Opinion], sessions: SessionTraces | None
) -> list[Candidate]:
    """The requests that opinions are about, the latest opinion first.

    Of a trace that several requests share, the one whose observation was judged; else the last that came before it was.
    """
    traces = sorted({one.trace_id for one in given if one.trace_id and TRACE_ID.fullmatch(one.trace_id)})
    earlier = Scope(scope.since - BEFORE, scope.tenant, scope.model)
    rows = await connection.execute(
        text(EVENTS.format(conditions=earlier.conditions("e"))),
        {
            **earlier.values(),
            "ids": [str(uuid.UUID(trace_id)) for trace_id in traces],
            "traces": traces,
            "by_session": sessions is not None or any(one.session_id for one in given),
        },
    )
    by_trace: dict[str, list[Any]] = {}
    by_session: dict[str, list[Any]] = {}
    for row in rows:
        for trace_id in _traces_of(row, sessions):
            by_trace.setdefault(trace_id, []).append(row)
        if row.session_id:
            by_session.setdefault(row.session_id, []).append(row)
    found: dict[str, Candidate] = {}
    for one in sorted(given, key=lambda opinion: opinion.timestamp, reverse=True):
        among = by_trace.get(one.trace_id or "") or by_session.get(one.session_id or "", [])
        row = _judged(one, among)
        if row is not None and row.id not in found:
            found[row.id] = Candidate(row.id, row.occurred_at, "disliked", f"{name} {one.value:.4g} in Langfuse")
    return list(found.values())


def _judged(opinion: Opinion, among: Sequence[Any]) -> Any:
    if len(among) == 1:
        return among[0]
    if opinion.observation_id:
        for row in among:
            if opinion.observation_id in _spans_of(row.id):
                return row
    before = [row for row in among if row.occurred_at <= opinion.timestamp]
    return (before or [None])[-1]


def _traces_of(row: Any, sessions: SessionTraces | None) -> Iterable[str]:
    """The trace that the gateway put a request into, and the one of its own, which it has where sessions came later."""
    session = (row.tenant_id, row.session_id)
    yield trace_id_of(row.id, row.trace_parent, session=session, sessions=sessions).hex()
    if parse_parent(row.trace_parent) is None and sessions is not None and row.session_id:
        yield trace_id_of(row.id).hex()


def _spans_of(request_id: str) -> set[str]:
    attempts = (span_id_of(request_id, "attempt", index) for index in range(MOST_ATTEMPTS))
    return {span.hex() for span in (root_span_id(request_id), call_span_id(request_id), *attempts)}
