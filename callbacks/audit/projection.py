"""Has each request in the audit log, in the transaction that stores its event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inferspect.events.event import GatewayEvent
from inferspect.store.audit.entry import Draft, chain_of, cost_text
from inferspect.store.audit.log import AuditLog

# What a later revision of the event may say otherwise, and is worth an entry of its own then.
AMENDED = ("decision", "reason", "status", "cost", "model_served", "tenant_id", "content_hash")

LATEST = text(
    "SELECT DISTINCT ON (event_id) event_id::text AS id, revision, cost::text AS cost,"
    " decision, reason, status, model_served, tenant_id, content_hash"
    " FROM inferspect.audit_log WHERE event_id = ANY(CAST(:ids AS uuid[])) AND kind IN ('request', 'amendment')"
    " ORDER BY event_id, revision DESC"
)


class AuditProjection:
    """One entry for each request, and an ``amendment`` where more became known of it after it had been stored."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    async def write(self, connection: AsyncConnection, events: Sequence[GatewayEvent]) -> None:
        newest: dict[str, GatewayEvent] = {}
        for event in events:
            if event.id not in newest or newest[event.id].revision < event.revision:
                newest[event.id] = event
        if not newest:
            return
        heads = await self._log.lock(connection, {chain_of(event.tenant_id) for event in newest.values()})
        # Looked up under the lock: another process may have stored the same event a moment ago.
        found = await connection.execute(LATEST, {"ids": list(newest)})
        stored: dict[str, dict[str, Any]] = {row["id"]: dict(row) for row in found.mappings()}
        in_order = sorted(newest.values(), key=lambda event: event.occurred_at)
        drafts = [draft for event in in_order if (draft := draft_of(event, stored.get(event.id)))]
        await self._log.extend(connection, heads, drafts)


def draft_of(event: GatewayEvent, stored: Mapping[str, Any] | None) -> Draft | None:
    """The entry that an event needs beside the one that is there; ``None`` where that says it all."""
    before = None
    if stored is not None:
        if stored["revision"] >= event.revision:
            return None
        now = _compared(event)
        before = {name: stored[name] for name in AMENDED if stored[name] != now[name]}
        if not before:
            return None
    return Draft(
        kind="request" if before is None else "amendment",
        event_id=event.id,
        revision=event.revision,
        occurred_at=event.occurred_at,
        chain=chain_of(event.tenant_id),
        tenant_id=event.tenant_id,
        tenant_alias=event.tenant_alias,
        key_hash=event.key_hash,
        key_alias=event.key_alias,
        user_id=event.user_id,
        address=event.client_address,
        method=event.method,
        route=event.route,
        model=event.model,
        model_served=event.model_served,
        decision=event.result,
        reason=event.code,
        status=event.status,
        cost=event.cost,
        content_hash=event.content_hash,
        details=_details(event, before),
    )


def _compared(event: GatewayEvent) -> dict[str, Any]:
    return {
        "decision": event.result,
        "reason": event.code,
        "status": event.status,
        "cost": cost_text(event.cost),
        "model_served": event.model_served,
        "tenant_id": event.tenant_id,
        "content_hash": event.content_hash,
    }


def _details(event: GatewayEvent, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """What has no field of its own, as far as there is any."""
    told: dict[str, Any] = {
        "end_user": event.end_user,
        "provider": event.provider,
        "prompt_tokens": event.prompt_tokens,
        "completion_tokens": event.completion_tokens,
        "attempts": len(event.attempts) or None,
        "guardrails": [
            {"guardrail": verdict["guardrail"], "decision": verdict["decision"], "code": verdict.get("code")}
            for verdict in event.verdicts
            if verdict["decision"] != "pass"
        ]
        or None,
        "before": before,
    }
    return {name: value for name, value in told.items() if value is not None}
