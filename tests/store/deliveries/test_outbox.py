from __future__ import annotations

import uuid

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.store.deliveries.outbox import Message, Outbox
from inferspect.store.deliveries.queue import Deliveries


async def test_messages_posted_at_once_are_delivered_as_single_ones_are(engine: AsyncEngine) -> None:
    """More than one statement has, for two consumers."""
    messages = [Message(f"consumer {n % 2}", str(uuid.uuid4()), {"number": n, "é": None}, "tenant") for n in range(250)]
    async with engine.begin() as connection:
        await Outbox(engine).post_all_in(connection, messages)

    leased = [one for name in ("consumer 0", "consumer 1") for one in await Deliveries(engine).lease(name, 1000, 60)]
    assert {one.id: one.message for one in leased} == {one.id: one.message for one in messages}
    assert {(one.tenant_id, one.revision, one.attempts) for one in leased} == {("tenant", 0, 1)}


async def test_a_message_posted_again_is_not_delivered_again(engine: AsyncEngine) -> None:
    """Neither with others nor by itself, and what is there stays as it is."""
    first = Message("one", str(uuid.uuid4()), {"said": "first"})
    second = Message("one", first.id, {"said": "second"})
    outbox = Outbox(engine)
    await outbox.post(first.consumer, first.id, first.message)
    async with engine.begin() as connection:
        await outbox.post_all_in(connection, [second, Message("one", str(uuid.uuid4()), {}), second])
        rows = await connection.execute(text("SELECT message FROM inferspect.deliveries ORDER BY message"))
        assert [message for (message,) in rows] == [{}, {"said": "first"}]


async def test_no_message_is_nothing_to_post(engine: AsyncEngine) -> None:
    """As where none of the scored responses is traced."""
    async with engine.begin() as connection:
        await Outbox(engine).post_all_in(connection, [])
    assert await Deliveries(engine).lease("one", 10, 60) == []
