"""Has every management action in the audit log before it is done, and its outcome before the answer leaves.

LiteLLM's own audit log is part of its enterprise edition and returns before any hook, so requests are observed here.
"""

from __future__ import annotations

import asyncio
import re
import uuid
import zlib
from typing import TYPE_CHECKING, Any

import orjson
from starlette.routing import Match, Mount

from inferspect.context import current
from inferspect.http.error_bodies import api_error_from
from inferspect.http.management.action import FIRST_ERROR, Action, Outcome
from inferspect.http.management.actor import key_of
from inferspect.http.management.announcing import READING
from inferspect.http.management.journal import ManagementJournal
from inferspect.http.management.targets import tables_for
from inferspect.http.scope import header
from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LONGEST_BODY = 16 * 1024**2  # of a request; more than the gateway takes by default
LONGEST_ANSWER = 1024**2
# POST requests that change nothing: look-ups, estimates, dry runs. What is not known to be one is recorded, so paths
# with names that somebody may choose, such as `/team/{team_id}`, must not match.
LOOKING = re.compile(
    r"""
    (?: /budget | /organization | /tag | /v2/key | /vector_store ) /info
  | /key/health | /spend/calculate | /cost/.* | /global/spend/end_users | /utils/.* | /health/test_connection
  | /guardrails/ (?: apply_guardrail | test_custom_code | validate_blocked_words_file ) | /apply_guardrail
  | /policies/ (?: resolve | test-pipeline | attachments/estimate-impact )
  | /policy/ (?: templates/.* | test | validate )
  | /prompts/test | /search_tools/test_connection | /mcp-rest/.*
  | /cache/settings/test | /coordination_redis/settings/test
  | /config_overrides/.*/test_connection | /auto_router/ (?: validate_complexity_router_config | test_routing )
  | /compliance/.* | /usage/ai/chat | /api/event_logging/batch
  | /cloudzero/dry-run | /vantage/dry-run | /v1/a2a/discover | /v1/metrics | /v1/rust_control_plane/logs | /lazy/warm/.*
  | /lens/worker/.* | /queue/chat/completions | (?: /toolset )? (?: /[^/]+ )? /mcp
  | /api/v1/ (?: guardrails/preview | audit/verify )
    """,
    re.VERBOSE,
)
# GET requests that change something: a login by SSO makes users and keys.
ACTING = re.compile(r"/sso/callback")
# Data of agents and of plugins, by whatever method.
DATA = re.compile(r"/v1/(?:memory|workflows|evals)(?:/.*)?|/plugin-proxy/.*", re.DOTALL)


class ManagementActionsMiddleware:
    """Pure ASGI middleware.

    An answer in JSON is held until it is whole, because it names what was made; another one until it begins.

    Args:
        is_model_route: whether a path belongs to a model's API; what is none, and does not only look, is management.
        key_header: the header that LiteLLM was told to take keys from, where it was told one.
    """

    def __init__(
        self,
        app: ASGIApp,
        journal: ManagementJournal,
        is_model_route: Callable[[str], bool],
        key_header: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._app = app
        self._journal = journal
        self._is_model_route = is_model_route
        self._key_header = key_header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._is_action(scope):
            await self._app(scope, receive, send)
            return
        received, body = await _read(receive)
        context = current()
        action = Action(
            request_id=context.request_id if context else str(uuid.uuid4()),
            method=scope["method"],
            path=scope["path"],
            address=context.client_address if context else "",
            key=key_of(scope, self._key_header()),
            body=body,
            content_type=header(scope, b"content-type") or "",
            query=scope.get("query_string", b"").decode("latin-1"),
            known=bool(tables_for(scope["path"])) or _is_served(scope),
        )
        await self._journal.begin(action)
        remaining = iter(received)

        async def receive_again() -> Message:
            message = next(remaining, None)
            return await receive() if message is None else message

        answer = _Answer(send, self._journal, action)
        try:
            await self._app(scope, receive_again, answer.send)
        except BaseException as error:
            # Also where the request is cancelled: the outcome is not known then, and that is what is recorded.
            refused = Outcome(error.status_code, error.code) if isinstance(error, Refusal) else Outcome(None)
            await asyncio.shield(answer.end(refused))
            raise
        await answer.end(Outcome(None))

    def _is_action(self, scope: Scope) -> bool:
        path = scope["path"]
        if scope["method"] == "GET" and ACTING.fullmatch(path):
            return True
        if scope["method"] in READING or DATA.fullmatch(path) or self._is_model_route(path):
            return False
        return scope["method"] != "POST" or not LOOKING.fullmatch(path)


def _is_served(scope: Scope) -> bool:
    """Whether there is such a route. LiteLLM mounts some only once they are asked for: those are not found here yet."""
    routes = scope["app"].router.routes if "app" in scope else ()
    return any(not isinstance(route, Mount) and route.matches(scope)[0] is Match.FULL for route in routes)


class _Answer:
    """Passes the answer on once the outcome is recorded."""

    def __init__(self, send: Send, journal: ManagementJournal, action: Action) -> None:
        self._send = send
        self._journal = journal
        self._action = action
        self._held: list[Message] = []
        self._body = bytearray()
        self._ended = False

    async def send(self, message: Message) -> None:
        if self._ended:
            await self._send(message)
            return
        self._held.append(message)
        if message["type"] == "http.response.body":
            self._body += message.get("body", b"")
        if self._is_whole(message):
            await self.end(self._outcome())

    async def end(self, outcome: Outcome) -> None:
        """Record the outcome, once, and let go what was held."""
        if self._ended:
            return
        self._ended = True
        await self._journal.end(self._action, outcome)
        held, self._held = self._held, []
        for message in held:
            await self._send(message)

    def _is_whole(self, message: Message) -> bool:
        if message["type"] == "http.response.start":
            return "json" not in _content_type(message)
        return not message.get("more_body") or len(self._body) > LONGEST_ANSWER

    def _outcome(self) -> Outcome:
        start = self._held[0]
        status = start.get("status", 0)
        content = _parsed(_decompressed(bytes(self._body), start))
        return Outcome(status, None if status < FIRST_ERROR else api_error_from(status, content).code, content)


async def _read(receive: Receive) -> tuple[list[Message], bytes]:
    """The messages of the request, up to a length, and the body as far as it is in them."""
    received: list[Message] = []
    length = 0
    while True:
        message = await receive()
        received.append(message)
        length += len(message.get("body", b""))
        if length > LONGEST_BODY:
            return received, b"".join(part.get("body", b"") for part in received)
        if message["type"] != "http.request" or not message.get("more_body"):
            return received, b"".join(part.get("body", b"") for part in received)


def _content_type(message: Message) -> str:
    return (
        header({"headers": [(name.lower(), value) for name, value in message.get("headers", ())]}, b"content-type")
        or ""
    )


def _decompressed(body: bytes, start: Message) -> bytes:
    encodings = [value for name, value in start.get("headers", ()) if name.lower() == b"content-encoding"]
    if not encodings:
        return body
    try:
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
        return unpacking.decompress(body, LONGEST_ANSWER) if encodings == [b"gzip"] else b""
    except zlib.error:
        return b""


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body) if body.strip() else None
    except orjson.JSONDecodeError:
        return None


def litellm_key_header() -> str | None:
    """The header that LiteLLM's ``general_settings.litellm_key_header_name`` names."""
    from litellm.proxy import proxy_server  # noqa: PLC0415  LiteLLM is there only inside its worker

    name = (proxy_server.general_settings or {}).get("litellm_key_header_name")
    return name if isinstance(name, str) else None
