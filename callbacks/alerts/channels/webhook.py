"""Webhooks signed by the Standard Webhooks scheme: https://www.standardwebhooks.com."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from standardwebhooks import Webhook as Signer

from callbacks.alerts.channels.answers import posted
from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.notification import Notification
from inferspect.events.delivery import Delivered
from inferspect.observation.channels import WebhookChannel
from inferspect.observation.webhook_secret import signing_key
from inferspect.secret import SecretReference


class Webhook:
    """Posts each notification as JSON, signed with the secret and, while receivers change over, the one before."""

    def __init__(self, settings: WebhookChannel, surroundings: Surroundings) -> None:
        self._settings = settings
        self._client = surroundings.client

    async def send(self, notification: Notification, notification_id: str) -> Delivered:
        settings = self._settings
        url = settings.url.reveal() if isinstance(settings.url, SecretReference) else settings.url
        keys = [signing_key(secret) for secret in (settings.secret, settings.previous_secret) if secret is not None]
        body = body_of(notification)
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": notification_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(Signer(key).sign(notification_id, now, body) for key in keys),
        }
        return await posted(self._client, url, body.encode(), headers, timeout=settings.timeout)

    async def close(self) -> None:
        """Nothing is open between requests."""


def body_of(notification: Notification) -> str:
    """The same bytes for the same notification, whenever it is sent."""
    happened = notification.resolved_at or notification.started_at
    message = notification.to_message()
    data = {name: value for name, value in message.items() if name != "type"}
    return orjson.dumps({"type": notification.type, "timestamp": happened.isoformat(), "data": data}).decode()
