"""Entries of a management action: one for each chain that it belongs to, each with what its readers may see."""

from __future__ import annotations

import hashlib
from typing import Any

from inferspect.events.withheld import without_parts
from inferspect.http.management.action import UNREADABLE, Action, Outcome, Rows
from inferspect.http.management.secrets import Redactor
from inferspect.store.audit.entry import Draft, canonical, chain_of, plain

LONGEST_ROUTE = 300


class ActionDrafts:
    """Makes them.

    A tenant's entry has that tenant's rows and no other's. Where an action is about rows of others, too, the platform's
    chain has an entry with all, and what was asked stands there and with the tenant whose key it was.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor

    def of(self, action: Action, outcome: Outcome | None, after: Rows) -> list[Draft]:
        """The intent where there is no outcome yet; ``after`` are the rows as they are then."""
        tenants: list[str | None] = [*sorted(action.tenants)] or [action.actor.tenant_id]
        found = [*action.before.values(), *after.values()]
        is_about_others = len(tenants) > 1 or any(target.tenant_id not in tenants for target in found)
        if not is_about_others or None in tenants:
            return [self._draft(action, outcome, after, tenant, asked=True) for tenant in tenants]
        own = action.actor.tenant_id
        return [self._draft(action, outcome, after, tenant, asked=tenant in {own, None}) for tenant in (*tenants, None)]

    def _draft(
        self, action: Action, outcome: Outcome | None, after: Rows, tenant_id: str | None, *, asked: bool
    ) -> Draft:
        old, new = _of_tenant(action.before, tenant_id), _of_tenant(after, tenant_id)
        left_out = {place for rows in (old, new) for place, target in rows.items() if not target.is_whole}
        old, new = ({place: rows[place] for place in rows.keys() - left_out} for rows in (old, new))
        is_told = _is_told(action, outcome)
        content = self._asked(action) if asked and is_told else None
        query = self._redactor.query(action.query) or None if asked and (is_told or action.known) else None
        route = action.path if action.known or is_told else without_parts(action.path)
        told = {
            "request": content,
            "query": query,
            "targets": [{"kind": kind, "id": one} for kind, one in sorted({*old, *new})] or None,
            "before": self._before(old) if outcome is None else None,
            "changes": self._changes(old, new) if outcome is not None else None,
            "left_out": len(left_out) or None,
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

    def _asked(self, action: Action) -> Any:
        if action.content is UNREADABLE:
            # It may hold secrets, and guesses of them could be tried against a plain hash.
            return f"neither JSON nor a form: {len(action.body)} bytes, {self._redactor.mark(action.body)}"
        return self._redactor.content(action.content)

    def _before(self, rows: Rows) -> list[dict[str, Any]] | None:
        shown = [
            {"kind": place[0], "id": place[1], "row": self._redactor.content(rows[place].row)} for place in sorted(rows)
        ]
        return shown or None

    def _changes(self, before: Rows, after: Rows) -> list[dict[str, Any]] | None:
        """Rows that came or went, whole, and of those that changed the columns that did."""
        changes = []
        for place in sorted({*before, *after}):
            old = before[place].row if place in before else None
            new = after[place].row if place in after else None
            if old == new:
                continue
            if old is not None and new is not None:
                differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
                old, new = ({name: row.get(name) for name in differing} for row in (old, new))
            shown = {"before": self._redactor.content(old), "after": self._redactor.content(new)}
            changes.append({"kind": place[0], "id": place[1], **shown})
        return changes or None


def _of_tenant(rows: Rows, tenant_id: str | None) -> Rows:
    """Those that a tenant may see, by where each belongs now; all for the platform."""
    if tenant_id is None:
        return rows
    return {place: target for place, target in rows.items() if target.tenant_id == tenant_id}


def _is_told(action: Action, outcome: Outcome | None) -> bool:
    """What was asked stands in the intent; of somebody unknown, and of what may be no action, once it was done."""
    if action.actor.is_known and action.known:
        return outcome is None
    return outcome is not None and outcome.decision == "success"
