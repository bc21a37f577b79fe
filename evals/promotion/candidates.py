"""Which requests are worth a test: named ones, the worst by a score, failed ones, blocked ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

Cause = Literal["named", "score", "failed", "blocked", "disliked"]
Order = Literal["lowest", "highest"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A request, and what speaks for a test of it.

    Attributes:
        occurred_at: when it came; ``None`` where the store does not have it.
        why: in words, for the file.
        score: name of the score that it was found by; ``value`` is what it got.
    """

    id: str
    occurred_at: datetime | None
    cause: Cause
    why: str
    score: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Where candidates are looked for; ``tenant`` and ``model`` as events have them, ``None`` for all."""

    since: datetime
    tenant: str | None = None
    model: str | None = None

    def conditions(self, table: str) -> str:
        parts = [f"{table}.occurred_at >= :since"]
        parts += [f"{table}.tenant_id = :tenant"] if self.tenant is not None else []
        parts += [f"{table}.model = :model"] if self.model is not None else []
        return " AND ".join(parts)

    def values(self) -> dict[str, Any]:
        told = {"since": self.since, "tenant": self.tenant, "model": self.model}
        return {name: value for name, value in told.items() if value is not None}


async def named(connection: AsyncConnection, ids: Sequence[str], why: str) -> dict[str, Candidate]:
    """Requests by their ids; those that the store does not have are left out."""
    rows = await connection.execute(
        text("SELECT CAST(id AS text) AS id, occurred_at FROM inferspect.events WHERE id = ANY(CAST(:ids AS uuid[]))"),
        {"ids": list(ids)},
    )
    return {row.id: Candidate(row.id, row.occurred_at, "named", why) for row in rows}


async def worst(connection: AsyncConnection, scope: Scope, score: str, order: Order, most: int) -> list[Candidate]:
    """Those with the worst scores, the worst first; of equal ones the latest.

    Args:
        score: name of the score, such as ``Relevance``.
        order: which scores are the worst.
    """
    direction = "ASC" if order == "lowest" else "DESC"
    rows = await connection.execute(
        text(
            "SELECT CAST(s.id AS text) AS id, s.occurred_at, CAST(s.scores ->> :score AS float8) AS value"  # noqa: S608  of constants
            f" FROM inferspect.scores s WHERE {scope.conditions('s')} AND jsonb_exists(s.scores, :score)"
            f" ORDER BY value {direction}, s.occurred_at DESC, s.id LIMIT :most"
        ),
        {**scope.values(), "score": score, "most": most},
    )
    return [
        Candidate(row.id, row.occurred_at, "score", f"{score} {_short(row.value)}", score, row.value) for row in rows
    ]


async def ended_as(
    connection: AsyncConnection, scope: Scope, result: Literal["failure", "blocked"], most: int
) -> list[Candidate]:
    """Those that failed or were blocked and whose content is kept, the latest first."""
    rows = await connection.execute(
        text(
            "SELECT CAST(e.id AS text) AS id, e.occurred_at, e.status, e.code, e.error_class"  # noqa: S608  of constants
            f" FROM inferspect.events e WHERE {scope.conditions('e')} AND e.result = :result AND EXISTS ("
            "SELECT 1 FROM inferspect.event_contents c WHERE c.id = e.id AND c.occurred_at = e.occurred_at"
            " AND c.input IS NOT NULL)"
            " ORDER BY e.occurred_at DESC, e.id LIMIT :most"
        ),
        {**scope.values(), "result": result, "most": most},
    )
    if result == "blocked":
        return [Candidate(row.id, row.occurred_at, "blocked", f"blocked: {row.code or 'no code'}") for row in rows]
    return [
        Candidate(row.id, row.occurred_at, "failed", failure_of(row.code, row.error_class, row.status)) for row in rows
    ]


async def scores_of(connection: AsyncConnection, wanted: Mapping[str, datetime]) -> dict[str, dict[str, float]]:
    """All scores of answers, by request.

    Args:
        wanted: ids, and when each request came.
    """
    rows = await connection.execute(
        text(
            "SELECT CAST(id AS text) AS id, scores FROM inferspect.scores WHERE id = ANY(CAST(:ids AS uuid[]))"
            " AND occurred_at = ANY(CAST(:moments AS timestamptz[]))"
        ),
        {"ids": list(wanted), "moments": list(wanted.values())},
    )
    return {row.id: dict(row.scores) for row in rows}


def failure_of(code: str | None, error_class: str | None, status: int) -> str:
    """Why a request failed, in a few words."""
    return f"failed: {code or error_class or 'no reason known'} ({status})"


def _short(value: float) -> str:
    return f"{value:.4g}"
