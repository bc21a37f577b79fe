"""Opens a context for each request and gives it an id that the client, LiteLLM and the event share."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from inferspect.context import RequestContext, activate, deactivate
from inferspect.http.guardrail_header import guardrail_header
from inferspect.http.scope import client_address, header, replace_header
from inferspect.logs import withhold_values
from inferspect.tenancy.rules import Address

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_CLIENT_ID = 200


class RequestContextMiddleware:
    """Pure ASGI middleware; ``x-request-id`` of the client is kept as a note and never trusted as identity."""

    def __init__(self, app: ASGIApp, trusted_proxies: tuple[Address, ...] = ()) -> None:
        self._app = app
        self._trusted_proxies = trusted_proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        withhold_values()
        request_id = str(uuid.uuid4())
        told = header(scope, b"x-request-id")
        context = RequestContext(
            request_id=request_id,
            route=scope["path"],
            method=scope["method"],
            client_address=client_address(scope, self._trusted_proxies),
            client_request_id=told[:LONGEST_CLIENT_ID] if told else None,
        )
        replace_header(scope, b"x-litellm-call-id", request_id)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"x-request-id"]
                message["headers"] = [*headers, (b"x-request-id", request_id.encode()), *guardrail_header(context)]
            await send(message)

        token = activate(context)
        try:
            await self._app(scope, receive, send_with_id)
        finally:
            deactivate(token)
