"""Which tenants have a name of their own in figures, the same for all workers of a gateway.

Those with most requests of the last day come first, then those that are seen first, until all places are taken. A name
once given stays until the gateway is started again, as Prometheus cannot forget a series while it is counted on.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.metrics.tenants import TenantUsage, Usage

log = structlog.get_logger("callbacks.metrics")

FILE = "tenants.jsonl"
DECIDED_EVERY = 1.0  # seconds
PATIENCE = "10s"
BUSIEST = text(
    "SELECT tenant_id, max(tenant_alias) FROM inferspect.events"
    " WHERE occurred_at > now() - interval '1 day' AND tenant_id IS NOT NULL"
    " GROUP BY tenant_id ORDER BY count(*) DESC, tenant_id LIMIT :most"
)


class ChosenTenants:
    """The tenants that have a name, kept in a file that all workers of a gateway share.

    Args:
        folder: where the file is; ``None`` keeps the choice in this process.
        places: how many tenants have a name, beside those in ``pinned``.
    """

    def __init__(self, folder: Path | None, places: int, pinned: Iterable[str]) -> None:
        self._file = None if folder is None else folder / FILE
        self._places = places
        self._pinned = frozenset(pinned)
        self.names: dict[str, str | None] = {}

    @property
    def most(self) -> int:
        """How many tenants can have a name."""
        return self._places + len(self._pinned)

    @property
    def closed(self) -> bool:
        """Whether no other tenant can get a name."""
        return self._free() <= 0 and self._pinned <= self.names.keys()

    def admit(self, candidates: Iterable[tuple[str, str | None]]) -> None:
        """Give names to these tenants, id and alias, as long as there are places; learn what others have given.

        Raises:
            OSError: the file cannot be read or written.
        """
        if self._file is None:
            self._add(candidates)
            return
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # ends with the descriptor
            for line in file.read().splitlines():
                tenant, alias = orjson.loads(line)
                self.names.setdefault(tenant, alias)
            added = self._add(candidates)
            file.write(b"".join(orjson.dumps(pair) + b"\n" for pair in added))

    def _add(self, candidates: Iterable[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
        added = []
        for tenant, alias in candidates:
            if tenant not in self.names and (tenant in self._pinned or self._free() > 0):
                self.names[tenant] = alias
                added.append((tenant, alias))
        return added

    def _free(self) -> int:
        return self._places - len(self.names.keys() - self._pinned)


async def keep_choosing(chosen: ChosenTenants, usage: TenantUsage, engine: AsyncEngine) -> None:
    """Decide about tenants that are new, once a second, for ever."""
    try:
        await _admit(chosen, await _busiest(engine, chosen.most))
        while True:
            if usage.waiting:
                await _admit(chosen, _by_requests(usage.waiting))
                usage.settle(chosen.names, closed=chosen.closed)
            await asyncio.sleep(DECIDED_EVERY)
    finally:
        usage.settle(chosen.names, closed=True)


async def _admit(chosen: ChosenTenants, candidates: list[tuple[str, str | None]]) -> None:
    try:
        await asyncio.to_thread(chosen.admit, candidates)
    except (OSError, ValueError) as error:
        log.error("tenants cannot be given names in figures, they are counted as other", reason=type(error).__name__)


def _by_requests(waiting: Mapping[str, Usage]) -> list[tuple[str, str | None]]:
    busiest_first = sorted(waiting.items(), key=lambda item: -item[1].results.total())
    return [(tenant, usage.alias) for tenant, usage in busiest_first]


async def _busiest(engine: AsyncEngine, most: int) -> list[tuple[str, str | None]]:
    """Tenants by their requests of the last day; none where the database does not tell in time."""
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"SET LOCAL statement_timeout = '{PATIENCE}'"))
            rows = await connection.execute(BUSIEST, {"most": most})
            return [(str(tenant), alias) for tenant, alias in rows]
    except (SQLAlchemyError, OSError) as error:
        log.warning("the busiest tenants are not known, names go to who comes first", reason=type(error).__name__)
        return []
