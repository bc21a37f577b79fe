"""Microsoft Teams' workflows: "Post to a channel when a webhook request is received".

They take a message with an Adaptive Card:
https://learn.microsoft.com/en-us/connectors/teams/#microsoft-teams-webhook
"""

from __future__ import annotations

from typing import Any

import orjson

from callbacks.alerts.channels.answers import posted
from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.channels.wording import Wording
from callbacks.alerts.notification import Notification
from inferspect.events.delivery import Delivered
from inferspect.observation.channels import TeamsChannel

TITLE_LIMIT = 500
BODY_LIMIT = 15_000  # a message may have 28 KB
COLOURS = {"critical": "attention", "warning": "warning", "info": "accent"}


class Teams:
    """Posts each notification as a card of its own."""

    def __init__(self, settings: TeamsChannel, surroundings: Surroundings) -> None:
        self._settings = settings
        self._client = surroundings.client
        self._wording = Wording(settings, TITLE_LIMIT, BODY_LIMIT)

    async def send(self, notification: Notification, _notification_id: str) -> Delivered:
        title, body = await self._wording.of(notification)
        colour = "good" if notification.type == "alert.resolved" else COLOURS[notification.severity]
        lines = [_text(line) for line in body.splitlines() if line.strip()]
        card = {
            "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [_text(title, weight="bolder", size="medium", color=colour), *lines],
        }
        attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
        message = {"type": "message", "attachments": [attachment]}
        headers = {"Content-Type": "application/json"}
        url = self._settings.url.reveal()
        return await posted(self._client, url, orjson.dumps(message), headers, timeout=self._settings.timeout)

    async def close(self) -> None:
        """Nothing is open between messages."""


def _text(text: str, **style: str) -> dict[str, Any]:
    """A line that is shown as it is: Markdown, links and mentions are for ``TextBlock`` only."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}
