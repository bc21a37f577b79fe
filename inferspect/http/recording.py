"""Records the event of every request to a model route, whatever answered it."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect

from inferspect.context import RequestContext, current
from inferspect.http.governed_routes import asks_for_stored_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from inferspect.events.recorder import EventRecorder

# By one of these clients know that they have all of a stream; whatever follows, nobody waits for it.
LAST_EVENT = re.compile(
    rb"data: ?\[DONE\]"
    rb"|(?:event: ?|data: ?\{\"type\": ?\")(?:message_stop|response\.(?:completed|failed|incomplete))\b"
)


class RecordingMiddleware:
    """The event is on disk before the first byte of the response leaves; a stream's is written again before its end.

    ``callbacks.events`` writes it, too, before a provider is called: what a crash in between leaves is ``unknown``.
    """

    def __init__(self, app: ASGIApp, recorder: EventRecorder, is_model_route: Callable[[str], bool]) -> None:
        self._app = app
        self._recorder = recorder
        self._is_model_route = is_model_route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        context = current()
        if scope["type"] != "http" or context is None or not self._is_recorded(scope):
            await self._app(scope, receive, send)
            return

        async def receive_noted() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect" and not context.ended:
                context.aborted = True
            return message

        async def send_recorded(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._on_start(context, message["status"])
            elif message["type"] == "http.response.body" and not context.ended and _ends(message, context):
                await self._on_end(context)
            await send(message)

        refusal = self._recorder.refusal()
        if refusal is not None:
            context.refuse(refusal)
            await self._app(scope, receive, send)
            return
        context.recorded = True
        try:
            await self._app(scope, receive_noted, send_recorded)
        except (OSError, ClientDisconnect):
            context.aborted = not context.ended
            raise
        finally:
            if not context.ended:
                context.stream_failed = True
                await self._on_end(context)

    def _is_recorded(self, scope: Scope) -> bool:
        is_call = scope["method"] == "POST" or asks_for_stored_answer(scope)
        return is_call and self._is_model_route(scope["path"])

    async def _on_start(self, context: RequestContext, status: int) -> None:
        context.status = status
        context.seconds_to_response = time.perf_counter() - context.started
        if not context.stream:
            context.seconds_total = context.seconds_to_response
        if context.stream and context.event_revision:
            return  # it is on disk that there is a request; how it ends is not known yet
        settled = context.settled or status >= 400  # noqa: PLR2004  HTTP's boundary of errors
        await self._recorder.record(context, complete=settled and not context.stream)

    async def _on_end(self, context: RequestContext) -> None:
        context.ended = True
        if context.stream or context.status is None:  # None: cancelled, or the client left, before there was an answer
            context.seconds_total = time.perf_counter() - context.started
            failed = context.stream_failed or (context.status or 0) >= 400  # noqa: PLR2004  HTTP's boundary of errors
            failed = failed and not (context.aborted and context.attempts)  # LiteLLM may still tell what it cost
            await asyncio.shield(self._recorder.record(context, complete=context.settled or failed))


def _ends(message: Message, context: RequestContext) -> bool:
    """Whether the client has its whole answer with this part of the body."""
    if not message.get("more_body"):
        return True
    if not context.stream:
        return False
    _, _, last_event = message.get("body", b"").rstrip().rpartition(b"\n\n")
    return LAST_EVENT.match(last_event) is not None
