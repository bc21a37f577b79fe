"""Writes management actions into the audit log: an intent before, the outcome after, each on disk when this returns."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import structlog
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.events.withheld import without_parts
from inferspect.http.management.actor import Actor, actor_of
from inferspect.http.management.secrets import Redactor, parameters
from inferspect.http.management.targets import Target, existing_teams, named, rows, tables_for, tenants_named
from inferspect.refusal import Refusal
from inferspect.settings import LaunchSettings
from inferspect.store.audit.entry import Draft, canonical, chain_of, plain
from inferspect.store.audit.keys import audit_keys
from inferspect.store.audit.log import AuditLog

log = structlog.get_logger("inferspect.audit")

FIRST_ERROR = 400
REFUSED = {401, 403}
ATTEMPTS = 3
PAUSE = 0.2
LONGEST_ROUTE = 300

Rows = dict[tuple[str, str], Target]


@dataclass(slots=True)
class Action:
    """A management request, and what is known of it before it is done.

    Attributes:
        content: the body, where it is JSON of moderate length; ``query``: the parameters of the address.
        known: that it is one. A prompt that was sent to a mistyped address is not, and must not be kept: what was asked
            is told only once it was done.
        tenants: those whose chains it is in; none where it is the platform's.
    """

    request_id: str
    method: str
    path: str
    address: str
    key: str | None
    content: Any = None
    query: str = ""
    known: bool = True
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    actor: Actor = field(default_factory=Actor)
    tenants: set[str] = field(default_factory=set)
    before: Rows = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of it: no status where there was no answer; ``content`` is the answer, where it is JSON."""

    status: int | None
    reason: str | None = None
    content: Any = None

    @property
    def decision(self) -> str:
        if self.status is None:
            return "unknown"
        if self.status in REFUSED:
            return "refused"
        return "failure" if self.status >= FIRST_ERROR else "success"


class ManagementJournal:
    """Records management actions.

    Args:
        schema: of LiteLLM's tables.
        master_key: the platform administrator's.
    """

    def __init__(self, engine: AsyncEngine, audit: AuditLog, master_key: str | None, schema: str = "public") -> None:
        self._engine = engine
        self._audit = audit
        self._redactor = Redactor(audit.keys)
        self._master_key = master_key
        self._schema = schema

    async def begin(self, action: Action) -> None:
        """Record that it is about to be done.

        Raises:
            Refusal: 503 ``audit_unavailable``: it could not be recorded, so it must not be done.
        """
        try:
            await self._look(action)
            await self._audit.record(self._drafts(action, None, {}))
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
                await self._audit.record(self._drafts(action, outcome, after))
            except (SQLAlchemyError, OSError) as error:
                reason = type(error).__name__
                await asyncio.sleep(PAUSE * attempt)
            else:
                return
        log.error("the outcome of a management action is not recorded", action=action.request_id, reason=reason)

    async def _look(self, action: Action) -> None:
        """Who it is, what it is about, and how that stands now."""
        tables = tables_for(action.path)
        query = parameters(action.query)
        try:
            async with self._engine.connect() as connection:
                action.actor = await actor_of(connection, self._schema, action.key, self._master_key)
                if not action.actor.is_known:
                    return  # nobody's requests fill no tenant's chain and cost no further queries
                ids = named(tables, action.path, action.content, query)
                action.before = await rows(connection, self._schema, tables, ids)
                teams = tenants_named(action.content, query) | _tenants(action.before.values())
                action.tenants = await existing_teams(connection, self._schema, teams)
        except ProgrammingError as error:
            log.warning("LiteLLM's tables cannot be read for the audit log", reason=type(error).__name__)

    async def _after(self, action: Action, outcome: Outcome) -> Rows:
        if not action.actor.is_known or outcome.status is None:
            return {}
        tables = tables_for(action.path)
        query = parameters(action.query)
        succeeded = outcome.status < FIRST_ERROR
        ids = named(tables, action.path, action.content, query, outcome.content if succeeded else None)
        for table in tables:
            of_table = {one for kind, one in action.before if kind == table.kind}
            ids.setdefault(f"{table.kind}.{table.column}", set()).update(of_table)
        try:
            async with self._engine.connect() as connection:
                after = await rows(connection, self._schema, tables, ids)
        except ProgrammingError:
            return {}
        action.tenants |= _tenants(after.values())
        return after

    def _drafts(self, action: Action, outcome: Outcome | None, after: Rows) -> list[Draft]:
        """An entry for each chain: a tenant sees what is its own, and the platform all that is several tenants'."""
        tenants: list[str | None] = [*sorted(action.tenants)]
        if not tenants:
            tenants = [action.actor.tenant_id]
        elif len(tenants) > 1:
            tenants.append(None)
        shared = len(tenants) > 1
        return [self._draft(action, outcome, after, tenant, shared=shared) for tenant in tenants]

    def _draft(
        self, action: Action, outcome: Outcome | None, after: Rows, tenant_id: str | None, *, shared: bool
    ) -> Draft:
        own = shared and tenant_id is not None
        places = [
            place
            for place in sorted({*action.before, *after})
            if not own or tenant_id in {row.tenant_id for row in (action.before.get(place), after.get(place)) if row}
        ]
        is_told = self._is_told(action, outcome)
        content = None if own or not is_told else self._redactor.content(action.content)
        query = None if own or not (is_told or action.known) else self._redactor.query(action.query) or None
        route = action.path if action.known or is_told else without_parts(action.path)
        told = {
            "request": content,
            "query": query,
            "targets": [{"kind": kind, "id": one} for kind, one in places] or None,
            "before": self._before(action, places) if outcome is None else None,
            "changes": self._changes(action, after, places) if outcome is not None else None,
        }
        actor = action.actor
        return Draft(
            kind="management",
            event_id=action.request_id,
            revision=0 if outcome is None else 1,
            occurred_at=action.received_at,
            chain=chain_of(tenant_id),
            tenant_id=tenant_id,
            key_hash=actor.key_hash,
            key_alias=actor.key_alias,
            user_id=actor.user_id,
            role=actor.role,
            address=action.address,
            method=action.method,
            route=self._redactor.text(route)[:LONGEST_ROUTE],
            decision="intent" if outcome is None else outcome.decision,
            reason=None if outcome is None else outcome.reason,
            status=None if outcome is None else outcome.status,
            content_hash=None if content is None else hashlib.sha256(canonical(plain(content))).hexdigest(),
            details={name: value for name, value in told.items() if value is not None},
        )

    def _is_told(self, action: Action, outcome: Outcome | None) -> bool:
        """What was asked stands in the intent; of somebody unknown, and of what may be no action, once it was done."""
        if action.actor.is_known and action.known:
            return outcome is None
        return outcome is not None and outcome.decision == "success"

    def _before(self, action: Action, places: Iterable[tuple[str, str]]) -> list[dict[str, Any]] | None:
        shown = [
            {"kind": place[0], "id": place[1], "row": self._redactor.content(action.before[place].row)}
            for place in places
            if place in action.before
        ]
        return shown or None

    def _changes(self, action: Action, after: Rows, places: Iterable[tuple[str, str]]) -> list[dict[str, Any]] | None:
        """Rows that came or went, whole, and of those that changed the columns that did."""
        changes = []
        for place in places:
            old = action.before[place].row if place in action.before else None
            new = after[place].row if place in after else None
            if old == new:
                continue
            if old is not None and new is not None:
                differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
                old, new = ({name: row.get(name) for name in differing} for row in (old, new))
            shown = {"before": self._redactor.content(old), "after": self._redactor.content(new)}
            changes.append({"kind": place[0], "id": place[1], **shown})
        return changes or None


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
