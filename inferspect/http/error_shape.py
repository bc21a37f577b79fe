"""Every error leaves in the shape of the API that was called, with a stable code and nothing of the inside."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import orjson
import structlog

from inferspect.context import RequestContext, current
from inferspect.http.error_bodies import ApiError, api_error_from, body_for, provider_error
from inferspect.http.scope import OWN_API
from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("inferspect.http")

FIRST_ERROR = 400
OWN_ROUTES = (OWN_API, "/inferspect/metrics")
LONGEST_BODY = 1024**2
BODY_HEADERS = frozenset({b"content-length", b"content-type", b"content-encoding", b"transfer-encoding"})


class ErrorShapeMiddleware:
    """Rewrites JSON and plain text error bodies of model routes, of our own, and of paths that are no route at all.

    Streams and other routes' bodies pass untouched.

    Args:
        is_model_route: whether a path belongs to an API whose clients expect OpenAI's or Anthropic's shape.
    """

    def __init__(self, app: ASGIApp, is_model_route: Callable[[str], bool]) -> None:
        self._app = app
        self._is_model_route = is_model_route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        answer = _Answer(send, scope, rewrites=path.startswith(OWN_ROUTES) or self._is_model_route(path))
        try:
            if (refused := _refusal()) is not None:
                raise refused  # by a middleware further out
            await self._app(scope, receive, answer.send)
        except Refusal as refusal:
            await answer.send_error(refusal_error(refusal))
        except Exception as error:
            log.exception("request failed inside the gateway", error_class=type(error).__name__)
            if answer.started:
                raise
            await answer.send_error(ApiError(500, "internal_error", "The gateway failed to serve this request."))


def refusal_error(refusal: Refusal) -> ApiError:
    return ApiError(refusal.status_code, refusal.code, refusal.message, refusal.param)


class _Answer:
    """Passes a response on, unless it is an error to be rewritten: then it is held until its body is whole."""

    def __init__(self, send: Send, scope: Scope, *, rewrites: bool) -> None:
        self._send = send
        self._scope = scope
        self._path = scope["path"]
        self._rewrites = rewrites
        self._held: Message | None = None
        self._body = bytearray()
        self.started = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and self._is_ours(message):
            self._held = message
        elif self._held is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")[: LONGEST_BODY - len(self._body)]
            if not message.get("more_body"):
                await self._send_rewritten(self._held)
        else:
            self.started = True
            await self._send(message)

    async def send_error(self, error: ApiError, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        """Send ``error`` as the whole response; nothing where one has begun already."""
        if self.started:
            return
        self.started = True
        context = current()
        if context is not None:
            context.error_code = error.code
        body = orjson.dumps(body_for(self._path, error, context.request_id if context else None))
        kept = [pair for pair in headers or [] if pair[0].lower() not in BODY_HEADERS]
        head = [*kept, (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self._send({"type": "http.response.start", "status": error.status, "headers": head})
        await self._send({"type": "http.response.body", "body": body})

    def _is_ours(self, message: Message) -> bool:
        if message["status"] < FIRST_ERROR:
            return False
        if _refusal() is not None:
            return True
        rewrites = self._rewrites or "endpoint" not in self._scope  # which the router sets where it knows the path
        return rewrites and _header(message, b"content-type").startswith(("application/json", "text/plain"))

    async def _send_rewritten(self, start: Message) -> None:
        refusal = _refusal()
        body = _decoded(bytes(self._body), _header(start, b"content-encoding"))
        error = refusal_error(refusal) if refusal else _of_the_provider(api_error_from(start["status"], _parsed(body)))
        await self.send_error(error, list(start.get("headers", ())))


def _of_the_provider(error: ApiError) -> ApiError:
    """Once the client's key was accepted, a 401 can only be about the gateway's own key at the provider."""
    context = current()
    return provider_error(error) if context is not None and context.call_type is not None else error


def _refusal() -> Refusal | None:
    context: RequestContext | None = current()
    return context.refusal if context else None


def _header(message: Message, name: bytes) -> str:
    values = [value for key, value in message.get("headers", ()) if key.lower() == name]
    return str(values[0], "latin-1") if values else ""


def _decoded(body: bytes, encoding: str) -> bytes:
    """LiteLLM compresses longer bodies; nothing of one that cannot be read is shown."""
    if not encoding:
        return body
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(body, LONGEST_BODY) if encoding == "gzip" else b""
    except zlib.error:
        return b""


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace")
