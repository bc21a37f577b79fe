"""Entries of a management action: one for each chain that it belongs to, each with what its readers may see."""

from __future__ import annotations

import hashlib
from typing import Any

from inferspect.events.withheld import without_parts
from inferspect.http.management.action import UNREADABLE, Action, Outcome, Rows
from inferspect.http.management.secrets import Redactor, Room, parameters
from inferspect.http.management.targets import Target
from inferspect.store.audit.entry import Draft, canonical, chain_of, plain

LONGEST_ROUTE = 300
# Bytes of an entry's details, so that nobody fills a chain, which keeps all for ever.
ROOM_OF_REQUEST = 12_000
ROOM_OF_QUERY = 4_000
ROOM_OF_ROWS = 44_000
ROOM_OF_ROW = 16_000


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
        is_told = _is_told(action, outcome)
        request = self._request(action) if asked and is_told else {}
        query = self._query(action) if asked and (is_told or action.known) else None
        route = action.path if action.known or is_told else without_parts(action.path)
        told = {**request, "query": query, **self._rows(old, new, is_done=outcome is not None)}
        content = request.get("request")
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

    def _request(self, action: Action) -> dict[str, Any]:
        """What was sent; where that is too much to be kept, what tells it from any other."""
        # Keyed: it may hold secrets, and guesses of them could be tried against a plain hash.
        mark = f"{len(action.body)} bytes, {self._redactor.mark(action.body)}"
        if action.content is UNREADABLE:
            return {"request": f"neither JSON nor a form: {mark}"}
        room = Room(ROOM_OF_REQUEST)
        told = {"request": self._redactor.content(action.content, room)}
        return {**told, "cut": mark} if room.is_full else told

    def _query(self, action: Action) -> Any:
        return self._redactor.content(parameters(action.query), Room(ROOM_OF_QUERY)) or None

    def _rows(self, before: Rows, after: Rows, *, is_done: bool) -> dict[str, Any]:
        """What the action is about: how it stands before, or once it is done what has changed; as much as has room."""
        room = ROOM_OF_ROWS
        targets: list[dict[str, Any]] = []
        told: list[dict[str, Any]] = []
        places = sorted({*before, *after})
        for place in places:
            old, new = before.get(place), after.get(place)
            if room <= 0 or not all(target.is_whole for target in (old, new) if target):
                continue
            target = {"kind": place[0], "id": place[1]}
            of_row = Room(min(room, ROOM_OF_ROW))
            targets.append(of_row.take(target))
            if row := self._changed(old, new, of_row) if is_done else self._stands(old, of_row):
                told.append({**of_row.take(target), **row})
            room -= min(room, ROOM_OF_ROW) - of_row.left
        return {
            "targets": targets or None,
            "changes" if is_done else "before": told or None,
            "left_out": len(places) - len(targets) or None,
        }

    def _stands(self, target: Target | None, room: Room) -> dict[str, Any]:
        return {} if target is None else {"row": self._redactor.content(target.row, room)}

    def _changed(self, before: Target | None, after: Target | None, room: Room) -> dict[str, Any]:
        """A row that came or went, whole, and of one that changed the columns that did."""
        old, new = (None if target is None else target.row for target in (before, after))
        if old == new:
            return {}
        if old is not None and new is not None:
            differing = [name for name in {**old, **new} if old.get(name) != new.get(name)]
            old, new = ({name: row.get(name) for name in differing} for row in (old, new))
        before_room = Room(room.left // 2)
        shown = self._redactor.content(old, before_room)
        room.left -= room.left // 2 - before_room.left
        return {"before": shown, "after": self._redactor.content(new, room)}


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
