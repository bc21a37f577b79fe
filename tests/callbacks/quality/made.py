"""Events, deliveries and tenants for the tests of this folder."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.context import RequestContext, Verdict
from inferspect.events.delivery import Content, Delivery
from inferspect.events.event import GatewayEvent, event_of
from inferspect.store.scores.tables import Scores
from inferspect.store.tables import Base

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEPT = Content(
    json.dumps([{"role": "user", "content": "What is the capital of France?"}]),
    json.dumps([{"index": 0, "message": {"role": "assistant", "content": "The capital of France is Paris."}}]),
)


def event(**values: Any) -> GatewayEvent:
    served = RequestContext(str(uuid.uuid4()), "/v1/chat/completions", "POST", "192.0.2.1")
    served.received_at = NOON
    served.verdicts.append(Verdict("pii", "modify", "output", {"EMAIL_ADDRESS": 2}))
    made = event_of(served, 1, complete=True)
    return replace(
        made, **{"tenant_id": "default", "model": "demo", "result": "success", "seconds_total": 0.5, **values}
    )


def delivery(of: GatewayEvent, content: Content = KEPT) -> Delivery:
    return Delivery("quality", of.id, of.occurred_at, of.tenant_id, 1, of, content)


async def tenant(engine: AsyncEngine, name: str, **quality: Any) -> str:
    async with engine.begin() as connection:
        await connection.execute(
            text('INSERT INTO "LiteLLM_TeamTable" VALUES (:name, CAST(:metadata AS jsonb))'),
            {"name": name, "metadata": json.dumps({"inferspect": {"observation": {"quality": quality}}})},
        )
    return name


async def stored(engine: AsyncEngine, table: type[Base] = Scores) -> dict[str, Any]:
    async with engine.connect() as connection:
        rows = (await connection.execute(select(table.__table__))).mappings()
        return {str(row["id"]): row for row in rows}
