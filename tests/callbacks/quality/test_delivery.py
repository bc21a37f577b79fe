"""From an event that is stored to its scores: writer, couriers and consumer together, on a real PostgreSQL."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.quality.extension import start
from inferspect.events.couriers import Couriers
from inferspect.events.delivery import Consumers
from inferspect.extension import Observer
from inferspect.settings import EventSettings
from inferspect.store.events.writer import EventWriter, ShippedEvent
from tests.callbacks.quality.made import KEPT, event, stored

CONTENT = f'{{"input":{KEPT.input},"output":{KEPT.output}}}'.encode()


async def test_every_successful_response_is_scored_and_no_other(observer: Observer, engine: AsyncEngine) -> None:
    """More than one batch; of a response that becomes known better, the scores follow."""
    observer = replace(observer, consumers=Consumers(), delivers=False)
    await start(observer)
    writer = EventWriter(engine, observer.consumers, observer.tenants)
    answered = [event(result="cached" if number % 3 else "success") for number in range(70)]
    refused = [event(result="blocked") for _ in range(5)]
    couriers = asyncio.create_task(Couriers(observer.consumers.consumers, engine, EventSettings()).run())
    try:
        await writer.write([ShippedEvent(each, CONTENT) for each in (*answered, *refused)])
        while len(await stored(engine)) < len(answered):
            await asyncio.sleep(0.1)
        better = replace(answered[0], revision=2, completion_tokens=7)
        await writer.write([ShippedEvent(better)])
        while "Token Efficiency" not in (await stored(engine))[better.id]["scores"]:
            await asyncio.sleep(0.1)
        async with engine.connect() as connection:
            while (await connection.execute(text("SELECT count(*) FROM inferspect.deliveries"))).scalar_one():
                await asyncio.sleep(0.1)
    finally:
        couriers.cancel()
        with suppress(asyncio.CancelledError):
            await couriers
    rows = await stored(engine)
    assert rows.keys() == {each.id for each in answered}
    assert all(row["scores"]["Relevance"] == 1.0 for row in rows.values())
