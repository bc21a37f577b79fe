"""Reads and writes named baselines."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

SAVE = text("""
INSERT INTO inferspect.report_baselines (tenant_id, name, window_start, window_end, responses, artefact, sha256)
VALUES (:tenant_id, :name, :window_start, :window_end, :responses, :artefact, :sha256)
ON CONFLICT (tenant_id, name) DO UPDATE SET created_at = now(), window_start = excluded.window_start,
    window_end = excluded.window_end, responses = excluded.responses, artefact = excluded.artefact,
    sha256 = excluded.sha256
""")
FIND = text(
    "SELECT tenant_id, name, window_start, window_end, responses, artefact, sha256 FROM inferspect.report_baselines"
    " WHERE tenant_id = :tenant AND name = :name"
)
BEFORE = text("SELECT artefact FROM inferspect.report_baselines WHERE tenant_id = :tenant AND name = :name FOR UPDATE")
NAMES = text("SELECT name FROM inferspect.report_baselines WHERE tenant_id = :tenant ORDER BY name")


@dataclass(frozen=True, slots=True)
class Baseline:
    """Figures of responses under a name: see :class:`inferspect.store.reports.tables.ReportBaseline`."""

    tenant_id: str
    name: str
    window_start: datetime
    window_end: datetime
    responses: int
    artefact: str
    sha256: str


async def save_baseline(connection: AsyncConnection, baseline: Baseline) -> str | None:
    """Write a baseline; returns the artefact of the one of the same name whose place it takes."""
    before = await connection.execute(BEFORE, {"tenant": baseline.tenant_id, "name": baseline.name})
    await connection.execute(SAVE, asdict(baseline))
    return before.scalar_one_or_none()


async def find_baseline(connection: AsyncConnection, tenant: str, name: str) -> Baseline | None:
    """The baseline of that name."""
    row = (await connection.execute(FIND, {"tenant": tenant, "name": name})).one_or_none()
    return None if row is None else Baseline(**row._mapping)  # noqa: SLF001  SQLAlchemy's public name for it


async def names_of_baselines(connection: AsyncConnection, tenant: str) -> list[str]:
    """Names of the tenant's baselines."""
    return list((await connection.execute(NAMES, {"tenant": tenant})).scalars())
