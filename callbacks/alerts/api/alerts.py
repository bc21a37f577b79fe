"""``GET /api/v1/alerts``: what fires, what may fire soon, and what has."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from callbacks.alerts.service import service
from inferspect.http.tenant_access import Caller, administered_or_all

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
    before: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Alerts, last changed first; ``before`` takes ``updated_at`` of the last one of a page.

    Raises:
        Refusal: 403 ``not_tenant_admin``, 404 ``tenant_not_found``.
    """
    tenant = await administered_or_all(caller, tenant_id)
    found = await service().alerts(tenant_id=tenant, states=STATES[state], rule=rule, before=before, limit=limit)
    return {"alerts": found}
