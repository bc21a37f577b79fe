"""Slack's incoming webhooks: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks."""

from __future__ import annotations

import orjson

from callbacks.alerts.channels.answers import posted
from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.channels.wording import Wording
from callbacks.alerts.notification import Notification
from inferspect.events.delivery import Delivered
from inferspect.observation.channel_templates import for_slack
from inferspect.observation.channels import SlackChannel

TITLE_LIMIT = 500
BODY_LIMIT = 2900  # a section's text may have 3000 characters


class Slack:
    """Posts each notification as a message of its own. A resolved alert is a second message."""

    def __init__(self, settings: SlackChannel, surroundings: Surroundings) -> None:
        self._settings = settings
        self._client = surroundings.client
        self._wording = Wording(settings, TITLE_LIMIT, BODY_LIMIT)

    async def send(self, notification: Notification, _notification_id: str) -> Delivered:
        title, body = await self._wording.of(notification)
        texts = [f"*{title}*", body, _link(notification.runbook)]
        # `text` is what a telephone and a screen reader tell of the message.
        message = {"text": title, "blocks": [_section(text) for text in texts if text]}
        headers = {"Content-Type": "application/json"}
        url = self._settings.url.reveal()
        return await posted(self._client, url, orjson.dumps(message), headers, timeout=self._settings.timeout)

    async def close(self) -> None:
        """Nothing is open between messages."""


def _link(runbook: str | None) -> str:
    if runbook is None or not runbook.startswith(("https://", "http://")):
        return ""
    return f"<{for_slack(runbook).replace('|', '%7C')}|Runbook>"


def _section(text: str) -> dict[str, object]:
    """``verbatim`` keeps Slack from making links and mentions of words; those in angle brackets are."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
