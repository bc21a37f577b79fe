"""Delivers to one channel what the rules have to tell: at least once, with retry and dead letter, as events are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

import structlog

from callbacks.alerts.channels.channel import Channel
from callbacks.alerts.notification import Notification, consumer_of
from inferspect.events.delivery import DONE, Delivered, Delivery, Rejected, Retry
from inferspect.events.event import GatewayEvent
from inferspect.observation.channels import BaseChannel
from inferspect.secret import MissingSecretError

BATCH = 10
UNTIL_EARLIER = 5.0  # seconds after which it is looked again whether the earlier messages of an alert have gone
Earlier = Callable[[str, str, datetime, Sequence[str]], Awaitable[bool]]
"""Whether a message of the alert, posted to the consumer before that time, still waits, besides those of these ids."""
log = structlog.get_logger("inferspect.alerts")


class Notifier:
    """The consumer ``notify:<name>``.

    That an alert was resolved is told after all that was told of it before: else a delayed message would open again
    what was closed. Alerts do not wait for each other.
    """

    needs_content = False
    batch = BATCH

    def __init__(self, name: str, settings: BaseChannel, channel: Channel, earlier: Earlier) -> None:
        self.name = consumer_of(name)
        self._settings = settings
        self._channel = channel
        self._earlier = earlier

    def wants(self, _event: GatewayEvent) -> bool:
        """None of the requests: notifications are posted to it by name."""
        return False

    def takes(self, notification: Notification) -> bool:
        """Whether the channel is for alerts of this severity and tenant; a trial is always sent."""
        return notification.type == "alert.test" or self._settings.takes(
            notification.severity, notification.tenant_id, notification.tenant_alias
        )

    async def deliver(self, deliveries: Sequence[Delivery]) -> Sequence[Delivered]:
        """Send each."""
        by_alert: dict[str, list[int]] = {}
        for index, delivery in enumerate(deliveries):
            by_alert.setdefault(str(delivery.message.get("alert_id")), []).append(index)
        outcomes: list[Delivered] = [DONE] * len(deliveries)

        async def tell(indexes: list[int]) -> None:
            done: list[str] = []
            for index in sorted(indexes, key=lambda index: deliveries[index].occurred_at):
                outcomes[index] = await self._deliver_one(deliveries[index], done)
                if not isinstance(outcomes[index], Retry):
                    done.append(deliveries[index].id)

        await asyncio.gather(*(tell(indexes) for indexes in by_alert.values()))
        return outcomes

    async def send(self, notification: Notification, notification_id: str) -> Delivered:
        """Send it now and tell what became of it; for trials.

        Args:
            notification_id: a UUID.
        """
        try:
            return await self._channel.send(notification, notification_id)
        except MissingSecretError as missing:
            return Retry(str(missing))
        except ValueError as wrong:  # a template, or a secret that is none
            return Rejected(str(wrong))
        except Exception as failure:
            # Its message may hold the channel's address, which is a secret.
            log.exception("a channel failed", channel=self.name, error=type(failure).__name__)
            return Retry(f"the channel failed: {type(failure).__name__}")

    async def close(self) -> None:
        await self._channel.close()

    async def _deliver_one(self, delivery: Delivery, done: Sequence[str]) -> Delivered:
        """Send it, unless it has to wait; ``done`` are those of this batch that do not wait any more."""
        try:
            notification = Notification.from_message(delivery.message)
        except (KeyError, TypeError, ValueError) as error:
            return Rejected(f"it is no notification: {type(error).__name__}")
        if not self.takes(notification):
            return DONE
        if notification.type == "alert.resolved" and await self._earlier(
            self.name, notification.alert_id, delivery.occurred_at, done
        ):
            return Retry("an earlier message of this alert has not been delivered yet", UNTIL_EARLIER)
        return await self.send(notification, delivery.id)
