"""PagerDuty's Events API v2: https://developer.pagerduty.com/docs/events-api-v2-overview."""

from __future__ import annotations

from typing import Any

import orjson

from callbacks.alerts.channels.answers import posted
from callbacks.alerts.channels.channel import Surroundings
from callbacks.alerts.channels.wording import Wording
from callbacks.alerts.notification import Notification
from inferspect.events.delivery import Delivered
from inferspect.observation.channels import PagerDutyChannel

SUMMARY_LIMIT = 1024
BODY_LIMIT = 50_000  # an event may have 512 KB


class PagerDuty:
    """Triggers an incident for each alert and resolves it; the alert's id is the key, so twice is once."""

    def __init__(self, settings: PagerDutyChannel, surroundings: Surroundings) -> None:
        self._settings = settings
        self._client = surroundings.client
        self._wording = Wording(settings, SUMMARY_LIMIT, BODY_LIMIT)

    async def send(self, notification: Notification, _notification_id: str) -> Delivered:
        key = self._settings.routing_key.reveal()
        event: dict[str, Any] = {
            "routing_key": key,
            "event_action": "resolve" if notification.type == "alert.resolved" else "trigger",
            "dedup_key": notification.alert_id,
            "client": "InferSpect",
            "payload": await self._payload(notification),
        }
        if notification.runbook and notification.runbook.startswith(("https://", "http://")):
            event["links"] = [{"href": notification.runbook, "text": "Runbook"}]
        headers = {"Content-Type": "application/json"}
        settings = self._settings
        return await posted(
            self._client, settings.url, orjson.dumps(event), headers, timeout=settings.timeout, secrets=[key]
        )

    async def close(self) -> None:
        """Nothing is open between events."""

    async def _payload(self, notification: Notification) -> dict[str, Any]:
        title, body = await self._wording.of(notification)
        return {
            "summary": title or notification.rule,
            "source": notification.tenant_alias or notification.tenant_id or "gateway",
            "severity": notification.severity,
            "timestamp": notification.started_at.isoformat(),
            "component": notification.rule,
            "custom_details": {"text": body, "value": notification.value, **notification.labels},
        }
