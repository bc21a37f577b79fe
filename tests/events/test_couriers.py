from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from structlog.testing import capture_logs

from inferspect.events import couriers as module
from inferspect.events.couriers import Couriers
from inferspect.events.delivery import DONE, Delivered, Delivery
from inferspect.events.metrics import COURIERS_RESTARTED
from inferspect.settings import EventSettings
from inferspect.store.address import driver_url
from tests.events.serving import Recording, cancelled, deliveries, event, store, until

SETTINGS = EventSettings()


@pytest.fixture
async def engine(store_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(driver_url(store_url), pool_pre_ping=True)
    yield made
    await made.dispose()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_EVERY", 0.02)


async def test_what_is_stored_later_is_delivered_too(engine: AsyncEngine) -> None:
    """Until they are stopped; then each consumer is closed, once."""
    consumer = Recording(batch=3)
    running = asyncio.create_task(Couriers([consumer], engine, SETTINGS).run())
    stored = []
    for _ in range(3):
        stored += await store(engine, consumer, *(event() for _ in range(10)))

        async def delivered() -> bool:
            return not await deliveries(engine)

        await until(delivered)
    await cancelled(running)
    assert sorted(consumer.got) == sorted(one.id for one in stored)
    assert consumer.closed == 1


async def test_a_consumer_that_hangs_delays_no_other(engine: AsyncEngine) -> None:
    """Nor does it keep the process from ending."""
    hanging, quick = Recording("hanging"), Recording("quick")

    async def hang(_: Sequence[Delivery]) -> Sequence[Delivered]:
        await asyncio.Event().wait()
        return []

    hanging.deliver = hang  # type: ignore[method-assign]
    couriers = Couriers([hanging, quick], engine, SETTINGS, patience=0.1)
    running = asyncio.create_task(couriers.run())
    for consumer in (hanging, quick):
        await store(engine, consumer, event())

    async def delivered() -> bool:
        return [row["consumer"] for row in await deliveries(engine)] == ["hanging"]

    await until(delivered)
    await cancelled(running)
    assert (hanging.closed, quick.closed) == (1, 1)


async def test_the_batch_at_hand_is_finished_at_the_end(engine: AsyncEngine) -> None:
    """And settled, so that nobody delivers it again; nothing more is begun."""
    consumer = Recording(batch=2)
    arrived, over = asyncio.Event(), asyncio.Event()

    async def slow(batch: Sequence[Delivery]) -> Sequence[Delivered]:
        consumer.calls.append(list(batch))
        arrived.set()
        await over.wait()
        return [DONE] * len(batch)

    consumer.deliver = slow  # type: ignore[method-assign]
    await store(engine, consumer, *(event() for _ in range(5)))
    running = asyncio.create_task(Couriers([consumer], engine, SETTINGS, patience=600).run())
    await arrived.wait()
    running.cancel()
    await asyncio.sleep(0)
    over.set()
    await asyncio.gather(running, return_exceptions=True)
    assert len(consumer.calls) == 1
    assert {row["id"] for row in await deliveries(engine)}.isdisjoint(consumer.got)
    assert len(await deliveries(engine)) == 3


async def test_an_outage_of_the_database_is_outlived(engine: AsyncEngine, store_url: str) -> None:
    """Deliveries go on by themselves when it is back; each trouble is logged once."""
    consumer = Recording()
    name = store_url.rpartition("/")[2]
    server = f"{store_url.rpartition('/')[0]}/postgres"
    with psycopg.connect(server, autocommit=True) as connection, capture_logs() as logs:
        running = asyncio.create_task(Couriers([consumer], engine, SETTINGS).run())
        await store(engine, consumer, event())

        async def delivered() -> bool:
            return not await deliveries(engine)

        await until(delivered)
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
        while "no deliveries for now" not in [line["event"] for line in logs]:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)  # many looks more
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
        await store(engine, consumer, event())
        await until(delivered)
        await cancelled(running)
    assert len(consumer.calls) == 2
    assert [line["event"] for line in logs].count("no deliveries for now") == 1


async def test_a_consumer_that_cannot_be_closed_is_reported(engine: AsyncEngine) -> None:
    """The others are closed nevertheless."""

    async def broken() -> None:
        raise LookupError

    first, second = Recording("first"), Recording("second")
    first.close = broken  # type: ignore[method-assign]
    running = asyncio.create_task(Couriers([first, second], engine, SETTINGS).run())
    await asyncio.sleep(0.1)
    with capture_logs() as logs:
        await cancelled(running)
    assert second.closed == 1
    assert [(line["event"], line["consumer"]) for line in logs] == [("a consumer cannot be closed", "first")]


async def test_looking_for_work_is_one_query_for_all_consumers(engine: AsyncEngine) -> None:
    """An idle process asks the database as often with ten consumers as with one."""
    from sqlalchemy import event as sqlalchemy_event  # noqa: PLC0415  its name is that of ours

    queries: list[str] = []
    sqlalchemy_event.listen(
        engine.sync_engine, "before_cursor_execute", lambda *call: queries.append(" ".join(call[2].split()))
    )
    consumers = [Recording(f"c{number}") for number in range(10)]
    running = asyncio.create_task(Couriers(consumers, engine, SETTINGS).run())
    while len(queries) < 5:
        await asyncio.sleep(0.01)
    await cancelled(running)
    assert {query.split(" WHERE")[0] for query in queries} == {
        "SELECT name FROM unnest(CAST(%(names)s AS text[])) AS name"
    }


async def test_a_courier_that_ends_begins_again(engine: AsyncEngine) -> None:
    """Whatever ended it; that is logged and counted."""
    consumer = Recording("ending")
    running = asyncio.create_task(Couriers([consumer], engine, SETTINGS).run())
    await asyncio.sleep(0)
    before = COURIERS_RESTARTED.labels("ending")._value.get()  # noqa: SLF001  the client has no other way
    with capture_logs() as logs:
        (courier,) = (task for task in asyncio.all_tasks() if "Courier.run" in repr(task.get_coro()))
        courier.cancel()
        await store(engine, consumer, event())

        async def delivered() -> bool:
            return not await deliveries(engine)

        await until(delivered)
        await cancelled(running)
    assert [line["consumer"] for line in logs if line["event"] == "a courier ended and begins again"] == ["ending"]
    assert COURIERS_RESTARTED.labels("ending")._value.get() == before + 1  # noqa: SLF001  as above
