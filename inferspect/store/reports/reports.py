"""Reads and writes reports: one for each window and revision of a schedule, with the events that follow from it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

Status = Literal["passed", "failed", "empty", "error"]
FAILED, ERROR = "report.failed", "report.error"
NUL_ESCAPE = b"\\u0000"  # in JSON; PostgreSQL keeps none in a text

INSERT = text("""
INSERT INTO inferspect.reports (id, created_at, tenant_id, suite, window_start, window_end, revision, scheduled,
    baseline, responses, baseline_responses, status, passed, failed, not_run, conditions, artefact, reason)
VALUES (:id, now(), :tenant_id, :suite, :window_start, :window_end, :revision, :scheduled, :baseline, :responses,
    :baseline_responses, :status, :passed, :failed, :not_run, CAST(:conditions AS jsonb), :artefact, :reason)
ON CONFLICT DO NOTHING RETURNING id
""")
TELL = text("""
INSERT INTO inferspect.quality_events
    (id, occurred_at, tenant_id, kind, score, mean, least, most, responses, window_seconds)
VALUES (:id, now(), :tenant_id, :kind, :score, :value, NULL, :threshold, :responses, :seconds)
""")
LATEST = """
SELECT DISTINCT ON (window_start) window_start, window_end, revision, responses, status, created_at
FROM inferspect.reports WHERE scheduled AND tenant_id = :tenant AND suite = :suite
"""
CHANGED = text(f"""
SELECT latest.*, found.responses AS found FROM ({LATEST} AND window_end > :since
    ORDER BY window_start, revision DESC) latest
CROSS JOIN LATERAL (SELECT count(*) AS responses FROM inferspect.scores s WHERE s.tenant_id = :tenant
    AND s.occurred_at >= latest.window_start AND s.occurred_at < latest.window_end) found
WHERE CASE latest.status WHEN 'error' THEN latest.created_at < now() - :again
    ELSE found.responses > latest.responses END
ORDER BY window_start
""")  # noqa: S608  of constants
END = text("SELECT max(window_end) FROM inferspect.reports WHERE scheduled AND tenant_id = :tenant AND suite = :suite")
BEGINNING = text("SELECT min(window_start) FROM inferspect.reports WHERE scheduled AND suite = :suite")
FIRST_RESPONSE = text(
    "SELECT min(occurred_at) FROM inferspect.scores WHERE tenant_id = :tenant AND occurred_at >= :since"
)
# Whether more is to be expected of a tenant: LiteLLM has a team of it, or it is that of keys without a team.
STAYS = """({tenant} = 'default' OR EXISTS (SELECT FROM "LiteLLM_TeamTable" WHERE team_id = {tenant}))"""
GOES_ON = text(f"""
SELECT {STAYS.format(tenant=":tenant")}
OR EXISTS (SELECT FROM inferspect.scores WHERE tenant_id = :tenant AND occurred_at >= :since)
""")  # noqa: S608  of constants
# Steps from tenant to tenant by the index, however many responses each has.
TENANTS = text(f"""
WITH RECURSIVE found AS (
    SELECT min(tenant_id) AS tenant_id FROM inferspect.scores WHERE occurred_at >= :since
    UNION ALL
    SELECT (SELECT min(s.tenant_id) FROM inferspect.scores s
            WHERE s.tenant_id > found.tenant_id AND s.occurred_at >= :since)
    FROM found WHERE found.tenant_id IS NOT NULL
), evaluated AS (
    SELECT tenant_id, max(window_end) AS until FROM inferspect.reports WHERE scheduled AND suite = :suite
    GROUP BY tenant_id
)
SELECT tenant_id FROM (SELECT tenant_id FROM found WHERE tenant_id IS NOT NULL) having_responses
FULL JOIN evaluated USING (tenant_id)
WHERE {STAYS.format(tenant="tenant_id")} OR EXISTS (SELECT FROM inferspect.scores s
    WHERE s.tenant_id = coalesce(having_responses.tenant_id, evaluated.tenant_id)
    AND s.occurred_at >= least(coalesce(until, '-infinity'), :late))
ORDER BY 1
""")  # noqa: S608  of constants
OLD = text("""
SELECT id, artefact FROM inferspect.reports r
WHERE window_end < now() - make_interval(days => coalesce(CAST(CAST(:tenants AS jsonb) ->> tenant_id AS int), :others))
AND NOT (scheduled AND window_start = (SELECT max(window_start) FROM inferspect.reports l
    WHERE l.scheduled AND l.tenant_id = r.tenant_id AND l.suite = r.suite))
ORDER BY window_end LIMIT :limit
""")
DELETE = text("DELETE FROM inferspect.reports WHERE id = ANY(CAST(:ids AS uuid[]))")


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One report: see :class:`inferspect.store.reports.tables.Report`."""

    tenant_id: str
    suite: str
    window_start: datetime
    window_end: datetime
    revision: int
    scheduled: bool
    status: Status
    responses: int
    baseline: str | None = None
    baseline_responses: int | None = None
    passed: int = 0
    failed: int = 0
    not_run: int = 0
    conditions: list[dict[str, Any]] = field(default_factory=list)
    artefact: str | None = None
    reason: str | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """A window of a schedule that has responses which its latest report has not, or no report because of an error."""

    window_start: datetime
    window_end: datetime
    revision: int
    created_at: datetime


async def write_report(connection: AsyncConnection, row: ReportRow) -> bool:
    """Write a report and its events with the transaction of ``connection``.

    Returns:
        Whether it is new; of a window and revision that has a report already nothing is written.
    """
    conditions = orjson.dumps(row.conditions).replace(NUL_ESCAPE, b"\\ufffd").decode()
    reason = None if row.reason is None else row.reason.replace("\0", "\ufffd")
    values = {name: getattr(row, name) for name in ReportRow.__slots__} | {"id": row.id or str(uuid.uuid4())}
    written = await connection.execute(INSERT, {**values, "conditions": conditions, "reason": reason})
    if written.one_or_none() is None:
        return False
    told = {
        "tenant_id": row.tenant_id,
        "responses": row.responses,
        "seconds": (row.window_end - row.window_start).total_seconds(),
    }
    for condition in row.conditions:
        if condition["status"] == "failed":
            figures = {"value": condition["value"], "threshold": condition["threshold"]}
            score = str(condition["column"] or condition["name"]).replace("\0", "\ufffd")
            await connection.execute(TELL, {**told, **figures, "kind": FAILED, "score": score, "id": str(uuid.uuid4())})
    if row.status == "error":
        nothing = {"value": None, "threshold": None, "score": row.suite}
        await connection.execute(TELL, {**told, **nothing, "kind": ERROR, "id": str(uuid.uuid4())})
    return True


async def changed_windows(
    connection: AsyncConnection, tenant: str, suite: str, since: datetime, again: timedelta
) -> list[Changed]:
    """Windows that ended after ``since`` and are to be evaluated again, the oldest first.

    Args:
        again: time after which a window is tried again that had no report because of an error.
    """
    values = {"tenant": tenant, "suite": suite, "since": since, "again": again}
    rows = await connection.execute(CHANGED, values)
    return [Changed(row.window_start, row.window_end, row.revision, row.created_at) for row in rows]


async def end_of_windows(connection: AsyncConnection, tenant: str, suite: str) -> datetime | None:
    """Until when a tenant's responses are evaluated; ``None`` where no window is yet."""
    end: datetime | None = (await connection.execute(END, {"tenant": tenant, "suite": suite})).scalar_one()
    return end


async def beginning_of(connection: AsyncConnection, suite: str) -> datetime | None:
    """When the first window of any tenant began."""
    beginning: datetime | None = (await connection.execute(BEGINNING, {"suite": suite})).scalar_one()
    return beginning


async def first_response(connection: AsyncConnection, tenant: str, since: datetime) -> datetime | None:
    """When the request of a tenant's first response at ``since`` or later came."""
    first: datetime | None = (await connection.execute(FIRST_RESPONSE, {"tenant": tenant, "since": since})).scalar_one()
    return first


async def goes_on(connection: AsyncConnection, tenant: str, since: datetime) -> bool:
    """Whether a tenant is still there, or was deleted but has responses at ``since`` or later."""
    found: bool = (await connection.execute(GOES_ON, {"tenant": tenant, "since": since})).scalar_one()
    return found


async def tenants_with_responses(connection: AsyncConnection, suite: str, since: datetime, late: datetime) -> list[str]:
    """Tenants with responses at ``since`` or later, and those that the suite has looked at before.

    Tenants that were deleted are among them while they have responses that no window has, or at ``late`` or later.
    """
    return list((await connection.execute(TENANTS, {"suite": suite, "since": since, "late": late})).scalars())


async def old_reports(
    connection: AsyncConnection, tenants: Mapping[str, int], others: int, limit: int
) -> list[tuple[str, str | None]]:
    """Ids and artefacts of reports that have been kept long enough; never a schedule's last window of a tenant.

    Args:
        tenants: days by tenant; ``others`` of all that are not in it.
    """
    values = {"tenants": orjson.dumps(dict(tenants)).decode(), "others": others, "limit": limit}
    return [(str(row.id), row.artefact) for row in await connection.execute(OLD, values)]


async def delete_reports(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Delete reports by their ids."""
    await connection.execute(DELETE, {"ids": list(ids)})
