"""What is told about an alert: the message that the rules post and the channels deliver."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Literal

Kind = Literal["alert.firing", "alert.resolved", "alert.test"]
Severity = Literal["info", "warning", "critical"]

CONSUMER = "notify:"
MESSAGES = uuid.UUID("5f0c5b5e-6a5a-5d0e-9d51-3b9f7c1a2e44")  # names the space of our messages' ids, nothing else


@dataclass(frozen=True, slots=True)
class Notification:
    """One transition of one alert, as it is told to one channel. Holds figures and names, no content of a request.

    Attributes:
        type: whether it began, ended, or is a trial of the channel.
        rule: name of the alert rule.
        tenant_id: whose alert it is; ``None`` for one of the whole gateway.
        summary: one sentence with the figure and its limit.
        value: the figure, in the unit of the rule's condition; ``None`` where there is none.
        threshold: the limit that it went over, or under.
        window: the time that was looked at, such as ``5m``.
        started_at: when it began to fire.
        resolved_at: when it ended; ``None`` as long as it lasts.
        runbook: page that says what to do, a URL or a path in the documentation.
        labels: the rule's, and those that tell its alerts apart, such as ``provider``.
        alert_id: a UUID, the same from firing to resolved, another one when it fires again.
        repeat: 0 for the first message of a transition, then how many times it was repeated.
    """

    type: Kind
    rule: str
    severity: Severity
    summary: str
    started_at: datetime
    alert_id: str
    tenant_id: str | None = None
    tenant_alias: str | None = None
    value: float | None = None
    threshold: float | None = None
    window: str | None = None
    resolved_at: datetime | None = None
    runbook: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    repeat: int = 0

    def to_message(self) -> dict[str, Any]:
        """JSON, for :class:`inferspect.store.deliveries.outbox.Outbox`; times in ISO 8601."""
        message = asdict(self)
        for name in ("started_at", "resolved_at"):
            if message[name] is not None:
                message[name] = message[name].isoformat()
        return message

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> Notification:
        """Read what :meth:`to_message` wrote; fields that a newer version added are left out.

        Raises:
            KeyError, TypeError, ValueError: it is no notification.
        """
        values = {known.name: message[known.name] for known in fields(cls) if known.name in message}
        for name in ("started_at", "resolved_at"):
            if values.get(name) is not None:
                values[name] = datetime.fromisoformat(values[name])
        return cls(**values)

    @property
    def transition(self) -> str:
        """What makes this notification one of its own within its alert."""
        return f"{self.type}:{self.repeat}"

    def message_id(self) -> str:
        """A UUID that is the same for the same transition of the same alert, so that it is posted once."""
        return str(uuid.uuid5(MESSAGES, f"{self.alert_id}:{self.transition}"))


def consumer_of(channel: str) -> str:
    """Name of the consumer that delivers to a channel."""
    return f"{CONSUMER}{channel}"
