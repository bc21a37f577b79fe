"""What waits in the spools of all machines, as ``inferspect.worker_status`` has it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, delete, func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from inferspect.store.alerts.tables import WorkerStatus

FORGET_AFTER = timedelta(days=1)


async def tell_spools(connection: AsyncConnection, place: str, spools: Sequence[dict[str, Any]]) -> None:
    """Replace what is known of the spools of one place.

    What another machine told stays for a day after it has told nothing more: its events still wait somewhere.

    Args:
        place: its id.
        spools: rows of ``worker_id``, ``spool_depth``, ``oldest_seconds``, and of the place's ``set_aside`` and
            ``host``.
    """
    if spools:
        statement = insert(WorkerStatus)
        names = ("place", "host", "spool_depth", "oldest_seconds", "set_aside", "updated_at")
        changing = {name: statement.excluded[name] for name in names}
        rows = [{**spool, "place": place} for spool in sorted(spools, key=lambda spool: str(spool["worker_id"]))]
        await connection.execute(
            statement.values(updated_at=func.clock_timestamp()).on_conflict_do_update(
                index_elements=["worker_id"], set_=changing
            ),
            rows,
        )
    gone = and_(WorkerStatus.place == place, WorkerStatus.worker_id.not_in([spool["worker_id"] for spool in spools]))
    await connection.execute(
        delete(WorkerStatus).where(or_(gone, WorkerStatus.updated_at < func.clock_timestamp() - FORGET_AFTER))
    )
