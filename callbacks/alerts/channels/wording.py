"""The words of a notification, by the templates of its channel."""

from __future__ import annotations

import asyncio
from dataclasses import fields

from callbacks.alerts.notification import Notification
from inferspect.observation.channels import WordedChannel


class Wording:
    """Renders title and text of a channel's notifications.

    Args:
        title_limit: most characters of a title; what is longer is cut.
        body_limit: most characters of a text.
    """

    def __init__(self, settings: WordedChannel, title_limit: int, body_limit: int) -> None:
        self._title, self._body = settings.templates()
        self._title_limit, self._body_limit = title_limit, body_limit

    async def of(self, notification: Notification) -> tuple[str, str]:
        """Title, of one line, and text; rendered in a thread, as nobody knows how long a template takes.

        Raises:
            ValueError: a template fails with this notification.
        """
        return await asyncio.to_thread(self._made, notification)

    def _made(self, notification: Notification) -> tuple[str, str]:
        values = {known.name: getattr(notification, known.name) for known in fields(notification)}
        title = " ".join("".join(c if c.isprintable() else " " for c in self._title.render(values)).split())
        return _cut(title, self._title_limit), _cut(self._body.render(values), self._body_limit)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
