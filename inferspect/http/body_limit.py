"""Refuses bodies that are too large, before anybody holds them in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inferspect.context import current
from inferspect.http.scope import header
from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from inferspect.settings import LimitSettings

DRAINED = 8


class BodyLimitMiddleware:
    """Counts what arrives, whatever ``content-length`` says.

    A body that is announced as too large is read and dropped, up to ``DRAINED`` times the limit, because a client
    that is still sending would see a broken connection in place of the answer.
    """

    def __init__(self, app: ASGIApp, limits: LimitSettings) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit(scope)
        announced = header(scope, b"content-length")
        if announced is not None and announced.isdecimal() and int(announced) > limit:
            await _drain(receive, limit * DRAINED)
            raise _too_large(limit)
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    raise _too_large(limit)
            return message

        await self._app(scope, receive_counted, send)

    def _limit(self, scope: Scope) -> int:
        upload = (header(scope, b"content-type") or "").lower().startswith("multipart/")
        return self._limits.max_upload_bytes if upload else self._limits.max_json_bytes


async def _drain(receive: Receive, most: int) -> None:
    dropped = 0
    while dropped < most:
        message = await receive()
        if message["type"] != "http.request":
            return
        dropped += len(message.get("body", b""))
        if not message.get("more_body"):
            return


def _too_large(limit: int) -> Refusal:
    refusal = Refusal(413, "request_too_large", f"The request body is larger than the {limit:,} bytes allowed here.")
    context = current()
    return context.refuse(refusal) if context else refusal
