"""Reads and writes quality scores: a row a response, idempotent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class ScoreRow:
    """One response's scores: see :class:`inferspect.store.scores.tables.Scores`."""

    id: str
    occurred_at: datetime
    revision: int
    tenant_id: str | None
    model: str | None
    skipped: str | None = None
    scores: dict[str, float] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    skips: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of a score over a window, and of how many responses; ``value`` is ``None`` where there is none."""

    value: float | None
    responses: int


ScoreListener = Callable[[ScoreRow], None]
LISTENERS: list[ScoreListener] = []
"""Called in the process that scored with each row that was stored for the first time; quick, for who counts."""

ROWS = """jsonb_to_recordset(CAST(:rows AS jsonb)) AS new(
    id uuid, occurred_at timestamptz, revision int, tenant_id text, model text, skipped text,
    scores jsonb, labels jsonb, skips jsonb, versions jsonb)"""

INSERT = text(
    "INSERT INTO inferspect.scores"  # noqa: S608  of constants
    " (id, occurred_at, revision, tenant_id, model, skipped, scores, labels, skips, versions)"
    " SELECT * FROM " + ROWS + " ON CONFLICT (id, occurred_at) DO NOTHING RETURNING id"
)

# What a model said of the response in the meantime stays, so members are merged.
RENEW = text(
    "UPDATE inferspect.scores old SET revision = new.revision, skipped = new.skipped,"  # noqa: S608  of constants
    " scores = (old.scores - ARRAY(SELECT jsonb_object_keys(new.skips))) || new.scores,"
    " labels = old.labels || new.labels,"
    " skips = (old.skips - ARRAY(SELECT jsonb_object_keys(new.scores))) || new.skips,"
    " versions = old.versions || new.versions FROM "
    + ROWS
    + " WHERE old.id = new.id AND old.occurred_at = new.occurred_at AND old.revision < new.revision"
)

ADD = text("""
UPDATE inferspect.scores SET
    scores = (scores - ARRAY(SELECT jsonb_object_keys(CAST(:skips AS jsonb)))) || CAST(:scores AS jsonb),
    skips = (skips - ARRAY(SELECT jsonb_object_keys(CAST(:scores AS jsonb)))) || CAST(:skips AS jsonb),
    versions = versions || CAST(:versions AS jsonb)
WHERE id = :id AND occurred_at = :occurred_at
""")

MEANS = """
SELECT {group} name.name, avg((s.scores ->> name.name)::float8) AS mean,
    count(s.scores ->> name.name) AS responses
FROM inferspect.scores s CROSS JOIN unnest(CAST(:names AS text[])) AS name(name)
WHERE s.occurred_at >= :since AND {tenant}
GROUP BY {group} name.name
"""
MEANS_OF_ALL = text(MEANS.format(group="", tenant="true"))
MEANS_OF_ONE = text(MEANS.format(group="", tenant="s.tenant_id = :tenant"))
MEANS_BY_TENANT = text(MEANS.format(group="s.tenant_id,", tenant="s.tenant_id IS NOT NULL"))


async def write_scores(connection: AsyncConnection, rows: Collection[ScoreRow]) -> set[str]:
    """Write rows with the transaction of ``connection``; of a response that has a row, a newer revision replaces it.

    The partitions of their days must be there.

    Args:
        rows: one a response; every score a finite number.

    Returns:
        The ids of responses that had no row before, so that each can be counted once.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: nothing was written.
    """
    written = {str(row.id) for row in await connection.execute(INSERT, {"rows": _json(list(rows))})} if rows else set()
    others = [row for row in rows if row.id not in written]
    if others:
        await connection.execute(RENEW, {"rows": _json(others)})
    return written


async def add_scores(connection: AsyncConnection, row: ScoreRow) -> bool:
    """Add scores and skips to the row of a response.

    Returns:
        Whether it has a row yet; without one nothing was written.
    """
    values = {name: _json(getattr(row, name)) for name in ("scores", "skips", "versions")}
    result = await connection.execute(ADD, {**values, "id": row.id, "occurred_at": row.occurred_at})
    return bool(result.rowcount)


async def windowed_means(
    connection: AsyncConnection, names: Sequence[str], since: datetime, tenant: str | None = None
) -> dict[str, Mean]:
    """The mean of each score over the responses to requests that came at ``since`` or later.

    Responses that a scorer skipped do not count. One look through the window's partitions, whatever the number of
    names; by the index on tenant and time where ``tenant`` is given.

    Args:
        names: of scores, such as ``Relevance``.
        since: with a time zone.
        tenant: id of the tenant whose responses count; ``None`` for all together.

    Returns:
        A :class:`Mean` for each name.
    """
    values: dict[str, Any] = {"names": list(names), "since": since}
    if tenant is not None:
        values["tenant"] = tenant
    result = await connection.execute(MEANS_OF_ALL if tenant is None else MEANS_OF_ONE, values)
    found = {row.name: Mean(row.mean, row.responses) for row in result}
    return {name: found.get(name, Mean(None, 0)) for name in names}


async def means_by_tenant(
    connection: AsyncConnection, names: Sequence[str], since: datetime
) -> dict[tuple[str, str], Mean]:
    """As :func:`windowed_means`, for each tenant by itself: keyed by tenant and name, of tenants with responses."""
    result = await connection.execute(MEANS_BY_TENANT, {"names": list(names), "since": since})
    return {(row.tenant_id, row.name): Mean(row.mean, row.responses) for row in result}


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
