"""``/api/v1/events/dead-letters``: what consumers did not take, for the platform's administrators."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.http.tenant_access import Caller, only_platform_admin
from inferspect.refusal import Refusal
from inferspect.store.audit.completeness import CONSUMER as AUDIT
from inferspect.store.deliveries.dead_letters import DeadLetters, Wanted

PATH = "/api/v1/events/dead-letters"
MOST = 1000
Seconds = Annotated[float, Field(ge=0, le=100 * 366 * 86_400)]


class Selection(BaseModel):
    """Which dead letters; at least one field, so that nobody replays or drops all by an empty body."""

    model_config = ConfigDict(extra="forbid")

    consumer: str | None = None
    tenant_id: str | None = None
    id: UUID | None = Field(default=None, description="Of the request.")
    older_than: Seconds | None = Field(default=None, description="Seconds since they died.")

    def wanted(self) -> Wanted:
        """The selection for the store.

        Raises:
            Refusal: 400 ``selection_empty``.
        """
        if not self.model_dump(exclude_none=True):
            raise Refusal(
                400, "selection_empty", "Name a consumer, tenant_id, id or older_than; `older_than: 0` means all."
            )
        return Wanted(self.consumer, self.tenant_id, str(self.id) if self.id else None, self.older_than)


def events_router(engine: AsyncEngine) -> APIRouter:
    """The routes; all for platform administrators only."""
    router = APIRouter(prefix=PATH, tags=["events"])
    letters = DeadLetters(engine)

    @router.get("")
    async def find(
        caller: Caller,
        consumer: str | None = None,
        tenant_id: str | None = None,
        older_than: Annotated[Seconds | None, Query()] = None,
        limit: int = 100,
    ) -> dict[str, Any]:
        only_platform_admin(caller)
        wanted = Wanted(consumer, tenant_id, None, older_than)
        return {"dead_letters": await letters.find(wanted, max(1, min(limit, MOST)))}

    @router.get("/{consumer}/{event_id}")
    async def show(caller: Caller, consumer: str, event_id: UUID) -> dict[str, Any]:
        only_platform_admin(caller)
        found = await letters.show(consumer, str(event_id))
        if found is None:
            raise Refusal(404, "dead_letter_not_found", "There is no such dead letter.", "event_id")
        return found

    @router.post("/replay")
    async def replay(caller: Caller, selection: Selection) -> dict[str, int]:
        only_platform_admin(caller)
        return {"replayed": await letters.replay(selection.wanted())}

    @router.delete("")
    async def drop(caller: Caller, selection: Selection) -> dict[str, int]:
        only_platform_admin(caller)
        if selection.consumer == AUDIT:
            raise Refusal(
                400, "audit_not_dropped", "These requests are not in the audit log yet. Replay them.", "consumer"
            )
        return {"dropped": await letters.drop(selection.wanted())}

    return router
