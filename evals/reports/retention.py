"""Deletes reports as long after their window as events are kept, with their artefacts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from inferspect.store.reports.reports import delete_reports, old_reports

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from evals.reports.artefacts import Artefacts
    from inferspect.tenancy.lookup import TenantLookup

log = structlog.get_logger("inferspect.reports")

AT_ONCE = 100


async def forget_old(engine: AsyncEngine, tenants: TenantLookup, artefacts: Artefacts, days: int) -> int:
    """Delete what is old enough; artefacts first, so that none is left that nothing tells of.

    Args:
        days: that the gateway keeps events; tenants may have fewer.

    Returns:
        How many reports were deleted.

    Raises:
        ArtefactError: the artefact store is away; the rest is deleted the next time.
        sqlalchemy.exc.SQLAlchemyError: as above, of the database.
    """
    own = {tenant: rules.observation.retention_days for tenant, rules in (await tenants.all()).items()}
    by_tenant = {tenant: min(kept or days, days) for tenant, kept in own.items()}
    others = min(tenants.default.observation.retention_days or days, days)
    deleted = 0
    while True:
        async with engine.connect() as connection:
            old = await old_reports(connection, by_tenant, others, AT_ONCE)
        for _, artefact in old:
            if artefact is not None:
                await asyncio.to_thread(artefacts.delete_folder, artefact)
        if old:
            async with engine.begin() as connection:
                await delete_reports(connection, [each for each, _ in old])
        deleted += len(old)
        if len(old) < AT_ONCE:
            break
    if deleted:
        log.info("reports that have been kept long enough are deleted", reports=deleted)
    return deleted
