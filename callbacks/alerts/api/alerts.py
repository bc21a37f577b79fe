"""``GET /api/v1/alerts``: what fires, what may fire soon, and what has."""

from __future__ import annotations

import base64
import json
import uuid
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from callbacks.alerts.service import service
from inferspect.http.tenant_access import Caller, administered_or_all
from inferspect.refusal import Refusal

router = APIRouter(tags=["alerts"])

STATES: dict[str, tuple[str, ...]] = {
    "open": ("pending", "firing"),
    "pending": ("pending",),
    "firing": ("firing",),
    "resolved": ("resolved",),
    "all": (),
}


@router.get("/api/v1/alerts")
async def list_alerts(
    caller: Caller,
    *,
    tenant_id: str | None = None,
    state: Literal["open", "pending", "firing", "resolved", "all"] = "open",
    rule: str | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Alerts, the last that began first; ``cursor`` takes ``next_cursor`` of a page, which is null on the last.

    Raises:
        Refusal: 400 ``cursor_invalid``, 403 ``not_tenant_admin``, 404 ``tenant_not_found``.
    """
    tenant = await administered_or_all(caller, tenant_id)
    wanted = {"tenant_id": tenant, "states": STATES[state], "rule": rule, "after": place_of(cursor)}
    found = await service().alerts(**wanted, limit=limit + 1)
    shown = found[:limit]
    return {"alerts": shown, "next_cursor": cursor_of(shown[-1]) if len(found) > limit else None}


def cursor_of(alert: dict[str, Any]) -> str:
    """Where a page ends."""
    return base64.urlsafe_b64encode(json.dumps([alert["pending_since"].isoformat(), alert["id"]]).encode()).decode()


def place_of(cursor: str | None) -> tuple[datetime, str] | None:
    """What :func:`cursor_of` wrote.

    Raises:
        Refusal: 400 ``cursor_invalid``.
    """
    if cursor is None:
        return None
    try:
        began, alert_id = json.loads(base64.urlsafe_b64decode(cursor))
        return datetime.fromisoformat(began).astimezone(UTC), str(uuid.UUID(alert_id))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        raise Refusal(400, "cursor_invalid", "Send `next_cursor` of the page before as it was.", "cursor") from None
