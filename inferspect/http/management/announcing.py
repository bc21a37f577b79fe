"""Notices successful management requests: what they changed must not live on in any worker's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("inferspect.http")

READING = {"GET", "HEAD", "OPTIONS"}
MANAGED = (
    *("/key/", "/team/", "/user/", "/customer/", "/end_user/", "/organization/", "/budget/", "/access_group/"),
    *("/v1/access_group", "/project/", "/tag/"),
)
FIRST_ERROR = 400


class ManagementMiddleware:
    """Announces a change before its response leaves, so a client that has the answer meets it on every worker.

    Args:
        announce: tells all workers; a failure is logged, because the change itself is done.
    """

    def __init__(self, app: ASGIApp, announce: Callable[[], Awaitable[None]]) -> None:
        self._app = app
        self._announce = announce

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in READING or not scope["path"].startswith(MANAGED):
            await self._app(scope, receive, send)
            return

        async def send_announced(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < FIRST_ERROR:
                try:
                    await self._announce()
                except (SQLAlchemyError, OSError) as error:
                    log.warning("a change could not be announced to other workers", reason=type(error).__name__)
            await send(message)

        await self._app(scope, receive, send_announced)
