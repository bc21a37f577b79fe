"""Rules of a tenant by its id, for those who have an event of it and no request: read from LiteLLM's table of teams."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import bindparam, text
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.tenancy.rules import TenantRules
from inferspect.tenancy.tenant import InvalidRules, TenantDirectory

log = structlog.get_logger("inferspect.tenancy")

FRESH_FOR = 10.0
FORGOTTEN_AFTER = 3600.0
DEFAULT_TENANT = "default"
OF_SOME = text(
    "SELECT team_id, metadata -> 'inferspect' AS own FROM \"LiteLLM_TeamTable\" WHERE team_id IN :wanted"
).bindparams(bindparam("wanted", expanding=True))
OF_ALL = text(
    "SELECT team_id, metadata -> 'inferspect' AS own FROM \"LiteLLM_TeamTable\""
    " WHERE metadata -> 'inferspect' IS NOT NULL"
)


@dataclass(slots=True)
class _Known:
    rules: TenantRules
    since: float


class TenantLookup:
    """Finds rules and remembers them for ``FRESH_FOR`` seconds; at home in one event loop.

    A tenant that is unknown or was deleted has the default rules. One whose rules are invalid has those that were
    valid last, or else the default ones without content, because what it wants of its content cannot be told.
    """

    def __init__(self, engine: AsyncEngine, default_rules: Mapping[str, Any]) -> None:
        self._engine = engine
        self._directory = TenantDirectory(default_rules)
        self._default = self._directory.find(None, None, None).rules
        self._known: dict[str, _Known] = {}
        self._refreshing: dict[str, asyncio.Task[None]] = {}
        self._lock = asyncio.Lock()

    @property
    def default(self) -> TenantRules:
        """The default rules."""
        return self._default

    async def rules_of(self, tenant_id: str | None) -> TenantRules:
        """The tenant's rules as they were at most ``FRESH_FOR`` seconds ago, or longer while the database is away.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away and nothing is known of the tenant.
        """
        await self.learn([tenant_id])
        return self.known(tenant_id)

    def known(self, tenant_id: str | None) -> TenantRules:
        """What is known now, without waiting; where that is old it is looked up in the background.

        Of a tenant that was never looked up these are the default rules. Where events are stored, and so in
        ``Consumer.wants``, their tenants have been looked up before.
        """
        if tenant_id is None or tenant_id == DEFAULT_TENANT:
            return self._default
        known = self._known.get(tenant_id)
        if (known is None or _is_old(known)) and tenant_id not in self._refreshing:
            task = asyncio.get_running_loop().create_task(self._refresh(tenant_id))
            self._refreshing[tenant_id] = task
            task.add_done_callback(lambda _: self._refreshing.pop(tenant_id, None))
        return self._default if known is None else known.rules

    async def learn(self, tenant_ids: Iterable[str | None]) -> None:
        """Look up, in one query, those of the tenants of whom nothing recent is known.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away and nothing is known of one of them.
        """
        wanted = {tenant for tenant in tenant_ids if tenant is not None and tenant != DEFAULT_TENANT}
        if not self._missing(wanted):
            return
        async with self._lock:  # who waited finds that another has looked them up
            missing = self._missing(wanted)
            if not missing:
                return
            try:
                async with self._engine.connect() as connection:
                    found = await _own_rules(connection, OF_SOME, {"wanted": sorted(missing)})
            except (SQLAlchemyError, OSError):
                if any(tenant not in self._known for tenant in missing):
                    raise
                return
            now = time.monotonic()
            for tenant in missing:
                self._known[tenant] = _Known(self._rules(tenant, found.get(tenant)), now)
            self._forget(now)

    async def all(self) -> dict[str, TenantRules]:
        """Rules of each tenant that has any of its own.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        async with self._engine.connect() as connection:
            found = await _own_rules(connection, OF_ALL, {})
        return {tenant: self._rules(tenant, own) for tenant, own in found.items()}

    def _missing(self, wanted: set[str]) -> set[str]:
        return {tenant for tenant in wanted if (known := self._known.get(tenant)) is None or _is_old(known)}

    async def _refresh(self, tenant_id: str) -> None:
        try:
            await self.learn([tenant_id])
        except (SQLAlchemyError, OSError) as error:
            log.warning("rules of a tenant cannot be looked up", reason=type(error).__name__)

    def _rules(self, tenant_id: str, own: Any) -> TenantRules:
        try:
            return self._directory.find(tenant_id, None, {} if own is None else {"inferspect": own}).rules
        except InvalidRules:
            log.warning("rules of a tenant are invalid; its events are treated by earlier ones", tenant_id=tenant_id)
        if (known := self._known.get(tenant_id)) is not None:
            return known.rules
        silent = self._default.observation.model_copy(update={"content": "none"})
        return self._default.model_copy(update={"observation": silent})

    def _forget(self, now: float) -> None:
        for tenant in [tenant for tenant, known in self._known.items() if now - known.since > FORGOTTEN_AFTER]:
            del self._known[tenant]


def _is_old(known: _Known) -> bool:
    return time.monotonic() - known.since > FRESH_FOR


async def _own_rules(connection: AsyncConnection, statement: Any, wanted: dict[str, Any]) -> dict[str, Any]:
    try:
        return {str(row.team_id): row.own for row in await connection.execute(statement, wanted)}
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != "42P01":
            raise
        return {}  # LiteLLM has made no tables yet, so there are no tenants
