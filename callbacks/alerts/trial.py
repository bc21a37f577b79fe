"""Sends a trial to a channel the way that alerts go, and waits for what becomes of it."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from callbacks.alerts.notification import Notification, consumer_of
from inferspect.store.alerts.alerts import database_time
from inferspect.store.deliveries.outbox import Outbox
from inferspect.store.tables import DeliveryRow

LOOK_EVERY = 0.2

Outcome = Literal["delivered", "failed", "retrying", "waiting"]


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a trial within the time.

    Attributes:
        outcome: ``failed`` was given up; ``retrying`` is tried again; ``waiting`` was not tried, as no process that
            delivers has come to it.
        reason: of the channel, where it was not delivered.
    """

    channel: str
    message_id: str
    outcome: Outcome
    reason: str | None = None


async def send_trial(engine: AsyncEngine, outbox: Outbox, channel: str, author: str, seconds: float) -> Trial:
    """Post a trial and wait.

    Args:
        channel: name of one that the settings have.
        author: who tries it, for the receiver to read.
        seconds: to wait at most.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: it was not posted, or nobody knows what became of it.
    """
    async with engine.begin() as connection:
        alert_id = str(uuid.uuid4())
        trial = Notification(
            type="alert.test",
            rule="test",
            severity="info",
            summary=f"This is a test of the channel {channel}, sent by {author}. Nothing is wrong.",
            started_at=await database_time(connection),
            alert_id=alert_id,
        )
        await outbox.post_in(connection, consumer_of(channel), trial.message_id(), trial.to_message())
    deadline = time.monotonic() + seconds
    while True:
        async with engine.connect() as connection:
            found = await _delivery(connection, consumer_of(channel), trial.message_id())
        outcome = _outcome(found)
        if outcome in {"delivered", "failed", "retrying"} or time.monotonic() > deadline:
            return Trial(channel, trial.message_id(), outcome, found["reason"] if found else None)
        await asyncio.sleep(LOOK_EVERY)


async def _delivery(connection: AsyncConnection, consumer: str, message_id: str) -> dict[str, Any] | None:
    query = select(DeliveryRow.dead_at, DeliveryRow.reason).where(
        DeliveryRow.consumer == consumer, DeliveryRow.id == message_id
    )
    found = (await connection.execute(query)).mappings().first()
    return None if found is None else dict(found)


def _outcome(delivery: dict[str, Any] | None) -> Outcome:
    if delivery is None:
        return "delivered"
    if delivery["dead_at"] is not None:
        return "failed"
    return "retrying" if delivery["reason"] else "waiting"
