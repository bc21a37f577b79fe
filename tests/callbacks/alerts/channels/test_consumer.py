"""What the consumer of a channel does around sending, with the courier and a real PostgreSQL."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from callbacks.alerts.channels.building import earlier_in, notifiers_of
from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.channels.consumer import Notifier
from callbacks.alerts.notification import Notification
from inferspect.events.courier import Courier
from inferspect.events.delivery import DONE, Delivered, Delivery, Rejected, Retry
from inferspect.observation.channels import CustomChannel
from inferspect.settings import EventSettings, settings_from
from inferspect.store.deliveries.outbox import Outbox
from inferspect.store.tables import DeliveryRow

Alert = Callable[..., Notification]
NOW = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)


class Recording:
    """A channel that answers as told and keeps what was sent."""

    def __init__(self, *answers: Delivered | Exception) -> None:
        self.answers = list(answers)
        self.sent: list[tuple[Notification, str]] = []
        self.closed = False

    async def send(self, notification: Notification, notification_id: str) -> Delivered:
        self.sent.append((notification, notification_id))
        answer = self.answers.pop(0) if self.answers else DONE
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        self.closed = True


async def nothing_earlier(_consumer: str, _alert: str, _before: datetime, _besides: Any) -> bool:
    return False


def notifier(channel: Recording, earlier: Any = nothing_earlier, **settings: Any) -> Notifier:
    return Notifier("oncall", CustomChannel(type="custom", factory="a:b", **settings), channel, earlier)


def delivery(notification: Notification | dict[str, Any], after: int = 0, number: int = 0) -> Delivery:
    message = notification if isinstance(notification, dict) else notification.to_message()
    return Delivery(
        "notify:oncall",
        f"00000000-0000-4000-8000-{number:012}",
        NOW + timedelta(seconds=after),
        None,
        1,
        message=message,
    )


async def test_each_notification_is_sent_with_the_id_of_its_delivery(alert: Alert) -> None:
    channel = Recording()
    assert await notifier(channel).deliver([delivery(alert(), number=7)]) == [DONE]
    assert channel.sent == [(alert(), "00000000-0000-4000-8000-000000000007")]


@pytest.mark.parametrize(
    ("settings", "changed", "is_sent"),
    [
        ({}, {}, True),
        ({"min_severity": "critical"}, {}, True),
        ({"min_severity": "critical"}, {"severity": "warning"}, False),
        ({"min_severity": "warning"}, {"severity": "info"}, False),
        ({"tenants": ["acme"]}, {}, True),
        ({"tenants": ["8d2e5b7a"]}, {}, True),
        ({"tenants": ["other"]}, {}, False),
        ({"tenants": ["acme"]}, {"tenant_id": None, "tenant_alias": None}, False),
        ({"tenants": []}, {}, False),
        ({"tenants": ["other"], "min_severity": "critical"}, {"type": "alert.test", "severity": "info"}, True),
    ],
)
async def test_a_channel_takes_what_its_settings_say(
    settings: dict[str, Any], changed: dict[str, Any], is_sent: bool, alert: Alert
) -> None:
    channel = Recording()
    assert await notifier(channel, **settings).deliver([delivery(alert(**changed))]) == [DONE]
    assert bool(channel.sent) is is_sent


@pytest.mark.parametrize("message", [{}, {"type": "alert.firing"}, {"alert_id": 1}])
async def test_what_is_no_notification_is_a_dead_letter_and_the_others_are_sent(
    message: dict[str, Any], alert: Alert
) -> None:
    channel = Recording()
    outcomes = await notifier(channel).deliver([delivery(message), delivery(alert())])
    assert isinstance(outcomes[0], Rejected)
    assert outcomes[1] == DONE


async def test_a_channel_that_raises_is_tried_again_without_its_words(alert: Alert) -> None:
    """They may hold the secret that it was about."""
    channel = Recording(RuntimeError("cannot reach https://hooks.example/secret"))
    assert await notifier(channel).deliver([delivery(alert())]) == [Retry("the channel failed: RuntimeError")]


async def test_a_template_that_fails_with_an_alert_is_a_dead_letter(alert: Alert) -> None:
    channel = Recording(ValueError("line 2 of the template: TypeError: no number"))
    assert await notifier(channel).deliver([delivery(alert())]) == [
        Rejected("line 2 of the template: TypeError: no number")
    ]


async def test_within_a_batch_an_end_waits_for_its_beginning(alert: Alert) -> None:
    """Other alerts do not wait."""
    asked: list[list[str]] = []

    async def earlier(_consumer: str, _alert: str, _before: datetime, besides: list[str]) -> bool:
        asked.append(list(besides))
        return not besides

    channel = Recording(Retry("later"))
    other = alert(alert_id="6a1f0c1e-9999-4000-8000-000000000000")
    batch = [delivery(alert(ended=True), 5, 2), delivery(alert(), 0, 1), delivery(other, 9, 3)]
    outcomes = await notifier(channel, earlier).deliver(batch)
    assert outcomes[1:] == [Retry("later"), DONE]
    assert outcomes[0] == Retry("an earlier message of this alert has not been delivered yet", 5.0)
    assert await notifier(channel, earlier).deliver(batch) == [DONE, DONE, DONE]
    assert asked == [[], ["00000000-0000-4000-8000-000000000001"]]
    assert [sent.type for sent, _ in channel.sent[-3:] if sent.alert_id == alert().alert_id] == [
        "alert.firing",
        "alert.resolved",
    ]


async def test_earlier_messages_are_those_of_the_same_alert_and_channel_that_still_wait(
    engine: AsyncEngine, alert: Alert
) -> None:
    outbox, waits = Outbox(engine), earlier_in(engine)
    future = datetime.now(UTC) + timedelta(hours=1)
    first = alert()
    await outbox.post("notify:oncall", first.message_id(), first.to_message())
    assert await waits("notify:oncall", first.alert_id, future, [])
    assert not await waits("notify:oncall", first.alert_id, future, [first.message_id()])
    assert not await waits("notify:other", first.alert_id, future, [])
    assert not await waits("notify:oncall", "another", future, [])
    assert not await waits("notify:oncall", first.alert_id, datetime.now(UTC) - timedelta(hours=1), [])


async def until_settled(courier: Courier, engine: AsyncEngine, dead: int = 0) -> list[DeliveryRow]:
    """Deliver, without waiting for the time of the next attempt, until all is delivered or dead."""
    while True:
        async with engine.begin() as connection:
            await connection.execute(update(DeliveryRow).values(due_at=func.now() - timedelta(seconds=1)))
        await courier.deliver()
        async with AsyncSession(engine) as session:
            rows = list(await session.scalars(select(DeliveryRow)))
        if len(rows) == dead and all(row.dead_at is not None for row in rows):
            return rows


async def test_a_receiver_that_fails_three_times_gets_each_message_once_and_in_order(
    engine: AsyncEngine, receiver: Any, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost, and the end of an alert is not told before its beginning."""
    monkeypatch.setenv("HOOK", f"{receiver.url}/services/x")
    receiver.answers = [(500, {}, b""), (503, {}, b""), (429, {"Retry-After": "1"}, b""), (200, {}, b"ok")]
    settings = settings_from(
        {
            "access": {"outgoing_networks": ["127.0.0.0/8"]},
            "alerts": {"channels": {"oncall": {"type": "slack", "url": "os.environ/HOOK", "title": "{{ type }}"}}},
        }
    )
    consumer = notifiers_of(settings, engine)["oncall"]
    outbox = Outbox(engine)
    for notification in (alert(), alert(ended=True)):
        for _ in range(2):  # posted again, as after a crash
            await outbox.post(consumer.name, notification.message_id(), notification.to_message())
    assert await until_settled(Courier(consumer, engine, EventSettings()), engine) == []
    told = [request.json()["text"] for request in receiver.received]
    assert told == ["alert.firing"] * 4 + ["alert.resolved"]
    await consumer.close()


async def test_a_hook_that_was_removed_leaves_a_dead_letter_with_its_reason(
    engine: AsyncEngine, receiver: Any, alert: Alert, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK", f"{receiver.url}/services/x")
    receiver.answers = [(410, {}, b"channel_is_archived")]
    settings = settings_from(
        {
            "access": {"outgoing_networks": ["127.0.0.0/8"]},
            "alerts": {"channels": {"oncall": {"type": "slack", "url": "os.environ/HOOK"}}},
        }
    )
    consumer = notifiers_of(settings, engine)["oncall"]
    await Outbox(engine).post(consumer.name, alert().message_id(), alert().to_message())
    (row,) = await until_settled(Courier(consumer, engine, EventSettings()), engine, dead=1)
    assert row.reason == "answered 410: channel_is_archived"
    assert len(receiver.received) == 1


def make_recording(settings: CustomChannel, _surroundings: Surroundings) -> Recording:
    if settings.options.get("wrong"):
        raise ValueError("the option is wrong")
    return Recording()


NO_FACTORY = "no callable"


@pytest.mark.parametrize(
    ("factory", "options", "why"),
    [
        ("no_such_module:make", {}, "cannot be imported"),
        ("{here}:no_such_name", {}, "cannot be imported"),
        ("{here}:NO_FACTORY", {}, "cannot be called"),
        ("{here}:make_recording", {"wrong": True}, "the option is wrong"),
    ],
)
async def test_a_channel_of_ones_own_that_cannot_be_made_is_named(
    factory: str, options: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory = factory.replace("{here}", _importable(monkeypatch))
    settings = settings_from(
        {"alerts": {"channels": {"own": {"type": "custom", "factory": factory, "options": options}}}}
    )
    engine = create_async_engine("postgresql+psycopg://nowhere/none")
    with pytest.raises(ValueError, match=rf"inferspect\.alerts\.channels\.own.*{why}"):
        notifiers_of(settings, engine)
    await engine.dispose()


async def test_a_channel_of_ones_own_is_made_by_its_factory(monkeypatch: pytest.MonkeyPatch, alert: Alert) -> None:
    factory = f"{_importable(monkeypatch)}:make_recording"
    settings = settings_from({"alerts": {"channels": {"own": {"type": "custom", "factory": factory}}}})
    engine = create_async_engine("postgresql+psycopg://nowhere/none")
    consumer = notifiers_of(settings, engine)["own"]
    assert consumer.name == "notify:own"
    assert await consumer.send(alert(type="alert.test"), "0b5e9a54-2222-4000-8000-000000000000") == DONE
    await consumer.close()
    await engine.dispose()


def _importable(monkeypatch: pytest.MonkeyPatch) -> str:
    """A name of this module, which pytest's way of importing gives it none of."""
    monkeypatch.setitem(sys.modules, "own_channels", sys.modules[__name__])
    return "own_channels"


async def test_closing_the_consumer_closes_the_channel() -> None:
    channel = Recording()
    await notifier(channel).close()
    assert channel.closed
