"""Ids of traces and spans: the same for the same request, so that what is sent again overwrites."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

from inferspect.spans.w3c import parse_parent

if TYPE_CHECKING:
    from inferspect.spans.sessions import SessionTraces


def trace_id_of(
    request_id: str,
    trace_parent: str | None = None,
    *,
    session: tuple[str | None, str | None] = (None, None),
    sessions: SessionTraces | None = None,
) -> bytes:
    """16 bytes: the caller's trace where it is in one, else the session's where traces are by session, else the UUID's.

    Args:
        session: id of the tenant and of the session.
        sessions: finds traces of sessions; ``None`` where each request has its own.
    """
    parent = parse_parent(trace_parent)
    if parent is not None:
        return parent.trace_id
    tenant_id, session_id = session
    if sessions is not None and session_id:
        return sessions.id_of(tenant_id, session_id)
    return uuid.UUID(request_id).bytes


def span_id_of(request_id: str, kind: str, index: int = 0) -> bytes:
    """8 bytes of a span of the request; never zero, which would be invalid."""
    digest = hashlib.sha256(f"{request_id}\n{kind}\n{index}".encode()).digest()
    return digest[:8] if any(digest[:8]) else digest[8:16]


def is_sampled(trace_id: bytes, rate: float) -> bool:
    """Whether the trace is in the share of all; all requests of a trace are, or none.

    By a hash, as some bits of a UUID, and so of our trace ids, are always the same.
    """
    return int.from_bytes(hashlib.sha256(trace_id).digest()[:8]) < rate * 2**64
