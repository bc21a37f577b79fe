"""Writes management actions into the audit log: an intent before, the outcome after, each on disk when this returns."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import structlog
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.http.management.action import FIRST_ERROR, Action, Outcome, Rows
from inferspect.http.management.actor import actor_of
from inferspect.http.management.drafts import ActionDrafts
from inferspect.http.management.secrets import Redactor, parameters
from inferspect.http.management.targets import Target, existing_teams, named, rows, tables_for, tenants_named
from inferspect.refusal import Refusal
from inferspect.settings import LaunchSettings
from inferspect.store.audit.keys import audit_keys
from inferspect.store.audit.log import AuditLog

log = structlog.get_logger("inferspect.audit")

ATTEMPTS = 3
PAUSE = 0.2


class ManagementJournal:
    """Records management actions.

    Args:
        schema: of LiteLLM's tables.
        master_key: the platform administrator's.
    """

    def __init__(self, engine: AsyncEngine, audit: AuditLog, master_key: str | None, schema: str = "public") -> None:
        self._engine = engine
        self._audit = audit
        self._drafts = ActionDrafts(Redactor(audit.keys))
        self._master_key = master_key
        self._schema = schema

    async def begin(self, action: Action) -> None:
        """Record that it is about to be done.

        Raises:
            Refusal: 503 ``audit_unavailable``: it could not be recorded, so it must not be done.
        """
        try:
            await self._look(action)
            await self._audit.record(await asyncio.to_thread(self._drafts.of, action, None, {}))
        except (SQLAlchemyError, OSError) as error:
            log.error("a management action cannot be recorded and is refused", reason=type(error).__name__)
            raise Refusal(
                503, "audit_unavailable", "The action cannot be recorded in the audit log now. Try again later."
            ) from None

    async def end(self, action: Action, outcome: Outcome) -> None:
        """Record what became of it. Where that fails the intent stays alone, which reads as an unknown outcome."""
        for attempt in range(ATTEMPTS):
            try:
                after = await self._after(action, outcome)
                await self._audit.record(await asyncio.to_thread(self._drafts.of, action, outcome, after))
            except (SQLAlchemyError, OSError) as error:
                reason = type(error).__name__
                await asyncio.sleep(PAUSE * attempt)
            else:
                return
        log.error("the outcome of a management action is not recorded", action=action.request_id, reason=reason)

    async def _look(self, action: Action) -> None:
        """Who it is, what it is about, and how that stands now."""
        tables = tables_for(action.path)
        try:
            async with self._engine.connect() as connection:
                action.actor = await actor_of(connection, self._schema, action.key, self._master_key)
            if not action.actor.is_known:
                return  # nobody's requests fill no tenant's chain and cost no further queries
            ids, teams = await asyncio.to_thread(_named, action)
            async with self._engine.connect() as connection:
                action.before = await rows(connection, self._schema, tables, ids, owner=_owner(action))
                teams |= _tenants(action.before.values())
                action.tenants = await existing_teams(connection, self._schema, teams)
        except ProgrammingError as error:
            log.warning("LiteLLM's tables cannot be read for the audit log", reason=type(error).__name__)

    async def _after(self, action: Action, outcome: Outcome) -> Rows:
        if not action.actor.is_known:
            return {}
        tables = tables_for(action.path)
        succeeded = outcome.status is not None and outcome.status < FIRST_ERROR
        ids, _ = await asyncio.to_thread(_named, action, outcome.content if succeeded else None)
        for table in tables:
            of_table = {one for kind, one in action.before if kind == table.kind}
            ids.setdefault(f"{table.kind}.{table.column}", set()).update(of_table)
        try:
            async with self._engine.connect() as connection:
                after = await rows(connection, self._schema, tables, ids, owner=_owner(action), before=action.before)
                action.tenants |= await existing_teams(connection, self._schema, _tenants(after.values()))
        except ProgrammingError:
            return {}
        return after


def _named(action: Action, answer: Any = None) -> tuple[dict[str, set[str]], set[str]]:
    """What may be ids of rows, and of teams; in a thread, because what is sent may be long."""
    query = parameters(action.query)
    ids = named(tables_for(action.path), action.path, action.content, query, answer)
    return ids, tenants_named(action.path, action.content, query)


def _owner(action: Action) -> str:
    """Whose rules and silences a request to our own routes is about: nobody's where they are the platform's."""
    named = parameters(action.query).get("tenant_id")
    return named[-1] if named else action.actor.tenant_id or ""


def _tenants(targets: Iterable[Target]) -> set[str]:
    return {target.tenant_id for target in targets if target.tenant_id is not None}


def management_journal(engine: AsyncEngine, launch: LaunchSettings) -> ManagementJournal:
    """The journal of a gateway's worker.

    Raises:
        ValueError: there is no salt key; the worker does not start.
    """
    # Prisma's own parameter says in which schema LiteLLM's tables are.
    named_schema = make_url(launch.database_url).query.get("schema") if launch.database_url else None
    schema = named_schema if isinstance(named_schema, str) else "public"
    return ManagementJournal(engine, AuditLog(engine, audit_keys(launch)), launch.litellm_master_key, schema)
