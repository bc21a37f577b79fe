from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from inferspect.events import courier as module
from inferspect.events.courier import Courier, backoff
from inferspect.events.delivery import DONE, Content, Delivered, Delivery, Rejected, Retry
from inferspect.settings import EventSettings
from inferspect.store.deliveries.dead_letters import DeadLetters, Wanted
from inferspect.store.deliveries.outbox import Outbox
from inferspect.store.deliveries.queue import Deliveries
from inferspect.store.events.writer import ShippedEvent
from tests.events.serving import Recording, deliveries, event, execute, hurry, rows, store, writer

SETTINGS = EventSettings()


def courier(engine: AsyncEngine, consumer: Recording, **settings: float) -> Courier:
    return Courier(consumer, engine, EventSettings(**settings))


async def drained(one: Courier) -> None:
    while await one.deliver():
        pass


async def test_each_event_is_delivered_once_and_then_forgotten(engine: AsyncEngine) -> None:
    """In batches of the size that the consumer takes, as they were stored."""
    consumer = Recording(batch=4)
    events = await store(engine, consumer, *(event(cost=float(number)) for number in range(10)))
    await drained(courier(engine, consumer))
    assert [len(call) for call in consumer.calls] == [4, 4, 2]
    got = {delivery.id: delivery for call in consumer.calls for delivery in call}
    assert {one.id: got[one.id].event for one in events} == {one.id: one for one in events}
    assert {delivery.attempt for delivery in got.values()} == {1}
    assert await deliveries(engine) == []


async def test_content_comes_to_who_asks_for_it(engine: AsyncEngine) -> None:
    """As JSON texts; nothing for an event whose content is not kept."""
    asking, other = Recording("asking"), Recording("other")
    asking.needs_content = True
    with_content, without = event(), event()
    await writer(engine, asking, other).write(
        [ShippedEvent(with_content, b'{"input": {"messages": []}, "output": "yes"}'), ShippedEvent(without)]
    )
    for consumer in (asking, other):
        await drained(courier(engine, consumer))
    assert {delivery.id: delivery.content for delivery in asking.calls[0]} == {
        with_content.id: Content('{"messages":[]}', '"yes"'),
        without.id: Content(),
    }
    assert {delivery.content for delivery in other.calls[0]} == {Content()}


async def test_a_message_is_delivered_as_it_was_posted(engine: AsyncEngine) -> None:
    """An alert goes the way of events; posted twice while it is under way, it is one."""
    consumer = Recording()
    identity = event().id
    for _ in range(2):
        await Outbox(engine).post("test", identity, {"alert": "é"}, "tenant")
    await drained(courier(engine, consumer))
    ((delivery,),) = consumer.calls
    assert (delivery.id, delivery.message, delivery.event, delivery.tenant_id) == (
        identity,
        {"alert": "é"},
        None,
        "tenant",
    )


async def test_who_dies_between_delivering_and_settling_leaves_it_to_the_next(engine: AsyncEngine) -> None:
    """The lease runs out, and it is delivered again with the same id, as the second attempt."""
    consumer = Recording()
    (one,) = await store(engine, consumer, event())
    await Deliveries(engine).lease("test", 10, 60)  # all that a process leaves that is killed at the receiver's
    assert await courier(engine, consumer).deliver() == 0
    await hurry(engine)
    await drained(courier(engine, consumer))
    assert [(delivery.id, delivery.attempt) for call in consumer.calls for delivery in call] == [(one.id, 2)]
    assert await deliveries(engine) == []


async def test_who_is_cancelled_hands_back_what_it_has(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a worker that is shut down costs no minute until its lease has run out."""
    monkeypatch.setattr(module, "HANDING_BACK", 60)
    consumer = Recording()
    (one,) = await store(engine, consumer, event())
    arrived = asyncio.Event()

    async def hang(_: Sequence[Delivery]) -> Sequence[Delivered]:
        arrived.set()
        await asyncio.Event().wait()
        return []

    consumer.deliver = hang  # type: ignore[method-assign]
    ending = asyncio.create_task(courier(engine, consumer).deliver())
    await arrived.wait()
    ending.cancel()
    await asyncio.gather(ending, return_exceptions=True)
    other = Recording()
    await courier(engine, other).deliver()
    assert other.got == [one.id]


async def test_a_slow_delivery_keeps_its_lease(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the receiver takes, nobody else delivers the same meanwhile, and a retry is noted as such."""
    monkeypatch.setattr(module, "LEASE", 1.5)
    consumer = Recording(answers=lambda batch: [Retry("later", 100.0)] * len(batch))
    await store(engine, consumer, event())
    over = asyncio.Event()

    async def slow(batch: Sequence[Delivery]) -> Sequence[Delivered]:
        await over.wait()
        return consumer.answers(batch)

    consumer.deliver = slow  # type: ignore[method-assign]
    delivering = asyncio.create_task(courier(engine, consumer).deliver())
    other = Recording()
    for _ in range(80):  # more than twice as long as one lease
        await asyncio.sleep(0.05)
        await courier(engine, other).deliver()
    over.set()
    await delivering
    assert other.calls == []
    ((found),) = await rows(
        engine, "SELECT reason, attempts, due_at > now() + '1 min' AS later FROM inferspect.deliveries"
    )
    assert found == {"reason": "later", "attempts": 1, "later": True}


async def test_couriers_share_the_work_without_doubles(engine: AsyncEngine) -> None:
    """As workers of several replicas do."""
    consumers = [Recording(batch=7) for _ in range(4)]
    events = await store(engine, consumers[0], *(event() for _ in range(200)))
    couriers = [courier(engine, consumer) for consumer in consumers]

    async def work(one: Courier) -> None:
        while await deliveries(engine):
            await one.deliver()

    await asyncio.gather(*(work(one) for one in couriers))
    got = [name for consumer in consumers for name in consumer.got]
    assert sorted(got) == sorted(one.id for one in events)
    assert len([consumer for consumer in consumers if consumer.calls]) > 1


async def test_several_processes_deliver_at_the_same_time(engine: AsyncEngine) -> None:
    """To one consumer: none waits for another's batch, so more of them deliver more."""
    all_at_once = asyncio.Barrier(3)
    consumers = [Recording(batch=2) for _ in range(3)]

    async def together(batch: Sequence[Delivery]) -> Sequence[Delivered]:
        await all_at_once.wait()
        return [DONE] * len(batch)

    for consumer in consumers:
        consumer.deliver = together  # type: ignore[method-assign]
    await store(engine, consumers[0], *(event() for _ in range(6)))
    assert await asyncio.gather(*(courier(engine, consumer).deliver() for consumer in consumers)) == [2, 2, 2]
    assert await deliveries(engine) == []


async def test_a_newer_revision_is_delivered_again(engine: AsyncEngine) -> None:
    """After the earlier one was delivered, and also when it comes while that is under way."""
    consumer = Recording()
    (first,) = await store(engine, consumer, event())
    await drained(courier(engine, consumer))
    second, third = replace(first, revision=2, cost=2.0), replace(first, revision=3, cost=3.0)
    await store(engine, consumer, second)

    async def overtaken(batch: Sequence[Delivery]) -> Sequence[Delivered]:
        consumer.calls.append(list(batch))
        await store(engine, consumer, third)
        return [DONE] * len(batch)

    consumer.deliver = overtaken  # type: ignore[method-assign]
    await courier(engine, consumer).deliver()
    del consumer.deliver  # type: ignore[method-assign]
    await drained(courier(engine, consumer))
    got = [delivery.event for call in consumer.calls for delivery in call]
    assert [one and one.cost for one in got] == [None, 2.0, 3.0]
    assert await deliveries(engine) == []


async def test_a_revision_that_was_stored_before_is_not_delivered_again(engine: AsyncEngine) -> None:
    """A worker that dies after storing and before emptying its spool stores the same once more."""
    consumer = Recording()
    (one,) = await store(engine, consumer, event())
    await drained(courier(engine, consumer))
    await store(engine, consumer, one)
    assert await deliveries(engine) == []


async def test_what_did_not_arrive_is_tried_later_with_growing_pauses(engine: AsyncEngine) -> None:
    """Its reason is kept, without secrets."""
    secret = "sk-" + "a" * 20
    consumer = Recording(answers=lambda batch: [Retry(f"refused {secret}\0")] * len(batch))
    await store(engine, consumer, event())
    longest = []
    for _ in range(8):
        await courier(engine, consumer).deliver()
        (found,) = await rows(
            engine, "SELECT extract(epoch FROM due_at - now())::float AS pause, reason FROM inferspect.deliveries"
        )
        assert found["reason"] == "refused [secret]\ufffd"
        longest.append(found["pause"])
        await hurry(engine)
    assert all(pause <= 2.0**number for number, pause in enumerate(longest))
    assert [delivery.attempt for call in consumer.calls for delivery in call] == list(range(1, 9))


def test_pauses_double_up_to_five_minutes_and_are_spread_over_their_whole_length() -> None:
    """Full jitter: what failed together does not come back together."""
    for attempts, longest in ((1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (31_000, 300)):
        pauses = [backoff(attempts) for _ in range(400)]
        assert min(pauses) < longest * 0.1
        assert longest * 0.9 < max(pauses) <= longest


async def test_the_pause_that_the_receiver_asks_for_is_kept(engine: AsyncEngine) -> None:
    """Up to an hour."""
    asked = {"a": 120.0, "b": 1e9, "c": -5.0}
    events = [event(model=name) for name in asked]
    consumer = Recording(
        answers=lambda batch: [Retry("busy", asked[one.event.model]) for one in batch]  # type: ignore[union-attr,index]
    )
    await store(engine, consumer, *events)
    await courier(engine, consumer).deliver()
    found = await rows(
        engine,
        "SELECT model, extract(epoch FROM due_at - now())::float AS pause FROM inferspect.deliveries"
        " JOIN inferspect.events USING (id)",
    )
    pauses = {row["model"]: row["pause"] for row in found}
    assert 110 < pauses["a"] < 135
    assert 3500 < pauses["b"] < 3970
    assert pauses["c"] <= 0


async def test_what_is_rejected_is_dead_until_it_is_replayed(engine: AsyncEngine) -> None:
    """From the list of dead letters back to the consumer, which takes it the second time."""
    consumer = Recording(answers=lambda batch: [Rejected("too large")] * len(batch))
    (one,) = await store(engine, consumer, event(tenant_id="t"))
    await drained(courier(engine, consumer))
    letters = DeadLetters(engine)
    (found,) = await letters.find(Wanted(), 10)
    assert (found["consumer"], found["id"], found["reason"], found["attempts"]) == ("test", one.id, "too large", 1)
    await hurry(engine)
    assert await courier(engine, consumer).deliver() == 0
    consumer.answers = lambda batch: [DONE] * len(batch)
    assert await letters.replay(Wanted(consumer="test", tenant_id="t", id=one.id)) == 1
    await drained(courier(engine, consumer))
    assert consumer.got == [one.id, one.id]
    assert await letters.find(Wanted(), 10) == []


async def test_who_never_takes_it_is_offered_it_for_long_enough_and_often_enough(engine: AsyncEngine) -> None:
    """Neither age alone, as after an outage of our own, nor attempts alone make a dead letter."""
    consumer = Recording(answers=lambda batch: [Retry("no")] * len(batch))
    await store(engine, consumer, event())

    async def dead() -> bool:
        return [row["dead_at"] is not None for row in await deliveries(engine)] == [True]

    for attempt in range(1, 20):
        await courier(engine, consumer, delivery_for=3600).deliver()
        await hurry(engine)
        assert not await dead(), attempt
    await execute(engine, "UPDATE inferspect.deliveries SET attempts = 0")
    old = courier(engine, consumer, delivery_for=1e-6)
    for attempt in range(1, 12):
        await old.deliver()
        assert not await dead(), attempt
        await hurry(engine)
    await old.deliver()
    assert await dead()


async def test_a_request_long_ago_is_offered_as_long_as_a_new_one(engine: AsyncEngine) -> None:
    """Its event may have lain in a spool; and once replayed it is offered for that long again."""
    consumer = Recording(answers=lambda batch: [Retry("no")] * len(batch))
    for ago in (timedelta(days=30), -timedelta(hours=20)):
        await store(engine, consumer, event(occurred_at=datetime.now(UTC) - ago))

    async def dead_after_all_attempts() -> list[bool]:
        await execute(engine, "UPDATE inferspect.deliveries SET attempts = 100, due_at = now()")
        await courier(engine, consumer, delivery_for=3600).deliver()
        return [row["dead_at"] is not None for row in await deliveries(engine)]

    assert await dead_after_all_attempts() == [False, False]
    await execute(engine, "UPDATE inferspect.deliveries SET enqueued_at = now() - interval '2 hours'")
    assert await dead_after_all_attempts() == [True, True]
    await DeadLetters(engine).replay(Wanted(consumer="test"))
    assert await dead_after_all_attempts() == [False, False]


async def test_one_that_makes_the_consumer_fail_does_not_keep_the_others(engine: AsyncEngine) -> None:
    """It is found by halving, and only it is tried again; what it said is not logged, as it may hold content."""

    def answers(batch: Sequence[Delivery]) -> Sequence[Delivered]:
        if any(one.event and one.event.model == "poison" for one in batch):
            raise ValueError("private")
        return [DONE] * len(batch)

    consumer = Recording(answers=answers, batch=100)
    events = await store(
        engine, consumer, *(event(model="poison" if number == 37 else "good") for number in range(100))
    )
    with capture_logs() as logs:
        await courier(engine, consumer).deliver()
    (left,) = await deliveries(engine)
    assert (left["id"], left["attempts"]) == (events[37].id, 1)
    assert left["reason"] == "the consumer failed: ValueError"
    assert len(consumer.calls) < 20
    assert [line["event"] for line in logs] == ["a consumer failed"]


async def test_a_consumer_that_always_fails_is_not_called_for_each_by_itself(engine: AsyncEngine) -> None:
    """A few calls tell that it is none of them in particular."""

    def answers(batch: Sequence[Delivery]) -> Sequence[Delivered]:
        raise ConnectionError

    consumer = Recording(answers=answers, batch=500)
    await store(engine, consumer, *(event() for _ in range(500)))
    await courier(engine, consumer).deliver()
    assert len(consumer.calls) < 30
    assert {row["reason"] for row in await deliveries(engine)} == {"the consumer failed: ConnectionError"}


@pytest.mark.parametrize("answer", [[], [DONE, DONE], [None]], ids=["none", "too many", "of another kind"])
async def test_answers_that_do_not_fit_count_as_failure(engine: AsyncEngine, answer: list[Delivered]) -> None:
    """Nothing is taken for delivered by mistake."""
    consumer = Recording(answers=lambda _: answer)
    await store(engine, consumer, event())
    await courier(engine, consumer).deliver()
    (left,) = await deliveries(engine)
    assert left["reason"] == "the consumer failed: WrongAnswerError"


async def test_an_event_of_a_newer_version_is_left_to_a_newer_worker(engine: AsyncEngine) -> None:
    """While gateways are updated before workers, it waits, with a reason that says what to do."""
    consumer = Recording()
    one, newer = await store(engine, consumer, event(), event())
    await execute(engine, "UPDATE inferspect.events SET version = 999 WHERE id = CAST(:id AS uuid)", id=newer.id)
    await courier(engine, consumer).deliver()
    assert consumer.got == [one.id]
    (left,) = await deliveries(engine)
    assert left["reason"].startswith("the event is of version 999")


async def test_what_retention_has_deleted_is_not_delivered(engine: AsyncEngine) -> None:
    """Its delivery goes, too."""
    consumer = Recording()
    await store(engine, consumer, event())
    await execute(engine, "DELETE FROM inferspect.events")
    await courier(engine, consumer).deliver()
    assert (consumer.calls, await deliveries(engine)) == ([], [])


async def test_a_receiver_that_takes_nothing_is_left_alone(engine: AsyncEngine) -> None:
    """The pause grows with each batch of which nothing arrived, and ends with the first that does."""
    consumer = Recording(answers=lambda batch: [Retry("away")] * len(batch), batch=2)
    await store(engine, consumer, *(event() for _ in range(20)))
    one = courier(engine, consumer)
    assert one.pause() == 0
    pauses = []
    for _ in range(8):
        await one.deliver()
        pauses.append(one.pause())
    assert all(2.0**number / 2 <= pause <= 2.0**number for number, pause in enumerate(pauses[:5]))
    assert 15 <= pauses[-1] <= 30
    consumer.answers = lambda _: [DONE, Retry("one")]
    await hurry(engine)
    await one.deliver()
    assert one.pause() == 0


async def test_settling_survives_a_moment_without_the_database(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was delivered is not delivered again because a deadlock came between."""
    consumer = Recording()
    await store(engine, consumer, event())
    one = courier(engine, consumer)
    settle = one._deliveries.settle  # noqa: SLF001  the seam to the database
    attempts = []

    async def troubled(*args: object) -> list[float]:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("gone")
        return await settle(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(one._deliveries, "settle", troubled)  # noqa: SLF001
    await one.deliver()
    assert len(attempts) == 2
    assert await deliveries(engine) == []


async def test_a_cancellation_of_what_the_consumer_waits_for_is_a_failure(engine: AsyncEngine) -> None:
    """Such as by a connection pool that somebody closed: nobody cancelled the courier, which goes on."""
    consumer = Recording()
    await store(engine, consumer, event())

    async def stray(_: Sequence[Delivery]) -> Sequence[Delivered]:
        waited_for = asyncio.create_task(asyncio.Event().wait())
        await asyncio.sleep(0)
        waited_for.cancel()
        await waited_for
        return []

    consumer.deliver = stray  # type: ignore[method-assign]
    assert await courier(engine, consumer).deliver() == 1
    (row,) = await deliveries(engine)
    assert row["reason"] == "the consumer failed: StrayCancellationError"
