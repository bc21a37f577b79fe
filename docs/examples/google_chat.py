"""Sends notifications to a space of Google Chat, by its webhook."""

from __future__ import annotations

import json

from callbacks.alerts.channels.answers import posted
from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.notification import Notification
from inferspect.events.delivery import Delivered
from inferspect.observation.channel_templates import NotificationTemplate
from inferspect.observation.channels import CustomChannel

TEXT = '*{{ "RESOLVED" if resolved else severity | upper }}* {{ rule }}\n{{ summary }}'


def escape(text: str) -> str:
    """No links and no mentions: Google Chat makes them of angle brackets."""
    return text.replace("<", "[").replace(">", "]")


class GoogleChat:
    def __init__(self, settings: CustomChannel, surroundings: Surroundings) -> None:
        if "webhook" not in settings.credentials:
            raise ValueError("credentials.webhook must refer to the URL of the space's webhook")
        self._settings = settings
        self._client = surroundings.client
        self._template = NotificationTemplate(settings.options.get("text", TEXT), escape)

    async def send(self, notification: Notification, notification_id: str) -> Delivered:
        text = self._template.render(notification.to_message())
        # Google Chat makes no second message for a request id that it knows.
        url = f"{self._settings.credentials['webhook'].reveal()}&requestId={notification_id}"
        body = json.dumps({"text": text[:4000]}).encode()
        headers = {"Content-Type": "application/json"}
        return await posted(self._client, url, body, headers, timeout=self._settings.timeout)

    async def close(self) -> None:
        """Nothing is open between messages."""
