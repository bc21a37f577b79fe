"""Whether each request that was stored has its entry: an event and its entry are written in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from inferspect.store.audit.check import Problem
from inferspect.store.audit.reading import stream

CONSUMER = "projection:AuditProjection"
"""Under which events wait whose entries could not be written with them."""

# Left out is what waits to be written again, and what is older than the log: than the first entry of a chain that was
# pruned, else than that of all.
UNRECORDED = f"""
    WITH firsts AS (
        SELECT DISTINCT ON (chain) chain, sequence, recorded_at FROM inferspect.audit_log ORDER BY chain, sequence
    ),
    wanted AS (
        SELECT event.id, event.occurred_at, coalesce('tenant/' || event.tenant_id, 'platform') AS chain
        FROM inferspect.events AS event
        WHERE (event.complete OR event.result <> 'unknown')
        AND (CAST(:since AS timestamptz) IS NULL OR event.occurred_at >= :since)
    )
    SELECT wanted.chain, CAST(wanted.id AS text), wanted.occurred_at FROM wanted
    LEFT JOIN firsts ON firsts.chain = wanted.chain AND firsts.sequence > 1
    WHERE (CAST(:chain AS text) IS NULL OR wanted.chain = :chain)
    AND wanted.occurred_at >= coalesce(firsts.recorded_at, (SELECT min(recorded_at) FROM firsts))
    AND NOT EXISTS (
        SELECT FROM inferspect.audit_log AS log WHERE log.event_id = wanted.id AND log.kind = 'request'
    )
    AND NOT EXISTS (
        SELECT FROM inferspect.deliveries AS delivery
        WHERE delivery.id = wanted.id AND delivery.consumer = '{CONSUMER}' AND delivery.dead_at IS NULL
    )
    ORDER BY wanted.occurred_at
"""  # noqa: S608  no value is in it


async def unrecorded(connection: AsyncConnection, chain: str | None, since: datetime | None) -> AsyncIterator[Problem]:
    """Requests that are known how they ended, without an entry of theirs; of one chain where one is named."""
    async for rows in stream(connection, UNRECORDED, {"chain": chain, "since": since}):
        for name, event_id, occurred_at in rows:
            yield Problem(name, 0, 0, "unrecorded", f"{event_id}, of {occurred_at:%Y-%m-%d %H:%M:%S%z}")
