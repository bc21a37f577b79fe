"""Lists scores of a Langfuse project, such as what its users think of answers.

Source: Langfuse's published API: ``GET /api/public/v3/scores``, and ``GET /api/public/v2/scores`` of servers before
3.179.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from inferspect.observation.langfuse import Project

V3, V2 = "/api/public/v3/scores", "/api/public/v2/scores"
PAGE = 100
MOST_PAGES = 500
TIMEOUT = 30.0  # seconds of one page
NOT_THERE = 404


class LangfuseError(Exception):
    """Langfuse gave no scores; the message says why, and holds no key."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A score of a trace, of an observation in it, or of a session.

    Attributes:
        value: 1 and 0 of yes and no.
    """

    value: float
    timestamp: datetime
    trace_id: str | None = None
    observation_id: str | None = None
    session_id: str | None = None


async def opinions(project: Project, name: str, since: datetime) -> AsyncIterator[Opinion]:
    """The scores of a name that are numbers, or yes and no, and were given since then.

    Raises:
        LangfuseError: see there.
    """
    async with httpx.AsyncClient(base_url=project.host, headers=project.headers(), timeout=TIMEOUT) as client:
        told = {"name": name, "fromTimestamp": since.isoformat(), "limit": str(PAGE)}
        page = await _page(client, V3, {**told, "fields": "subject"})
        is_new = page is not None
        for number in range(1, MOST_PAGES + 1):
            if not is_new:
                page = await _page(client, V2, {**told, "page": str(number)})
            if page is None:
                raise LangfuseError(f"{project.host} lists no scores (404): is it the address of a Langfuse?")
            for entry in page["data"]:
                if (opinion := _opinion(entry)) is not None:
                    yield opinion
            meta = page.get("meta") or {}
            if is_new and meta.get("cursor"):
                page = await _page(client, V3, {**told, "fields": "subject", "cursor": str(meta["cursor"])})
            elif is_new or number >= int(meta.get("totalPages") or 0):
                return
        raise LangfuseError(f"there are more than {MOST_PAGES * PAGE:,} scores {name!r}: ask for a shorter time")


async def _page(client: httpx.AsyncClient, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
    try:
        response = await client.get(path, params=query)
    except httpx.HTTPError as error:
        raise LangfuseError(f"Langfuse at {client.base_url} gave no answer ({type(error).__name__})") from None
    if response.status_code == NOT_THERE:
        return None
    if not response.is_success:
        raise LangfuseError(f"Langfuse at {client.base_url} refused ({response.status_code})")
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        raise LangfuseError(f"Langfuse at {client.base_url} answered with something else than scores")
    return body


def _opinion(entry: Any) -> Opinion | None:
    """What an entry says, of either version; ``None`` of texts and of what is not about a request."""
    try:
        value, timestamp = entry["value"], datetime.fromisoformat(entry["timestamp"])
        subject = entry.get("subject") or {}
        kind = subject.get("kind")
        if not isinstance(value, bool | int | float):
            return None
        return Opinion(
            float(value),
            timestamp,
            entry.get("traceId") or (subject["id"] if kind == "trace" else subject.get("traceId")),
            entry.get("observationId") or (subject["id"] if kind == "observation" else None),
            entry.get("sessionId") or (subject["id"] if kind == "session" else None),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
