"""Trials of channels."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.alerts.notification import Notification
from callbacks.alerts.trial import send_trial
from inferspect.store.deliveries.outbox import Outbox
from tests.callbacks.alerts.conftest import rows_of


@pytest.mark.parametrize(
    ("becomes", "outcome", "reason"),
    [
        ("DELETE FROM inferspect.deliveries", "delivered", None),
        ("UPDATE inferspect.deliveries SET reason = 'status 500'", "retrying", "status 500"),
        ("UPDATE inferspect.deliveries SET reason = 'wrong key', dead_at = now()", "failed", "wrong key"),
    ],
)
async def test_it_tells_what_became_of_it(engine: AsyncEngine, becomes: str, outcome: str, reason: str | None) -> None:
    """As soon as it is known."""
    trial = asyncio.create_task(send_trial(engine, Outbox(engine), "ops", "someone", 60))
    while not (found := await rows_of(engine, "SELECT message FROM inferspect.deliveries")):
        await asyncio.sleep(0.02)
    assert Notification.from_message(found[0]["message"]).type == "alert.test"
    async with engine.begin() as connection:
        await connection.execute(text(becomes))
    sent = await trial
    assert (sent.outcome, sent.reason) == (outcome, reason)


async def test_nobody_delivers(engine: AsyncEngine) -> None:
    """It waits; a second trial is another message."""
    for _ in range(2):
        assert (await send_trial(engine, Outbox(engine), "ops", "someone", 0.01)).outcome == "waiting"
    assert await rows_of(engine, "SELECT count(*) AS n FROM inferspect.deliveries") == [{"n": 2}]
