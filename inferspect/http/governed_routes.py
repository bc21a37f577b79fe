"""Closes the model routes that no hook looks into: they would reach a provider past rules, masking and events.

LiteLLM serves many more APIs than it calls hooks for: token counting, pass-through to a provider's own API with the
gateway's key, files, batches, vector stores and assistants, which all tenants would share at the provider. A prefix
proves nothing: ``/openai/v1/responses`` is LiteLLM's own, ``/openai/v1/chat/completions`` is passed through.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

CALLS = re.compile(
    r"""
    (?: /v1 )? (?: /chat/completions | /completions | /embeddings | /moderations | /responses
      | /images/ (?: generations | edits ) | /audio/ (?: speech | transcriptions ) )
  | (?: /v1 | /v2 )? /rerank
  | (?: /claude_code_gateway )? /v1/messages
  | (?: /engines/.+ | /openai/deployments/.+ ) (?: /chat/completions | /completions | /embeddings )
  | /openai/deployments/.+ /images/ (?: generations | edits )
  | /openai/v1/responses
  | (?: /v1 | /openai/v1 )? /responses/ (?! input_tokens/ | compact/ ) [^/]+ /cancel
  | (?: /v1beta )? /models/.+ : (?: generateContent | streamGenerateContent )
  | /mcp-rest/tools/call
    """,
    re.VERBOSE,
)
STORED_ANSWERS = re.compile(r"(?:/v1|/openai/v1)?/responses/(?!(?:input_tokens|compact)$)[^/]+(?:/input_items)?")
LISTINGS = re.compile(
    r"(?:/v1|/openai/v1|/cursor(?:/v1)?)?/models(?:/.+)?|/utils/(?:model_info|supported_openai_params)"
    r"|/mcp-rest/tools/list"
)
# Sessions of one MCP server, which LiteLLM does not count among its model routes.
MCP_SESSIONS = re.compile(r"(?:/toolset)?/[^/]+/mcp")
READING = frozenset({"GET", "HEAD", "OPTIONS"})
STORED_METHODS = READING | {"DELETE"}
SERVED_STORED_METHODS = frozenset({"GET", "DELETE"})
POLICY_VIOLATION = 1008


class GovernedRoutesMiddleware:
    """Refuses what is a model route for LiteLLM but is not governed here.

    Args:
        is_model_route: whether LiteLLM serves a path as one that keys may use for models.
    """

    def __init__(self, app: ASGIApp, is_model_route: Callable[[str], bool]) -> None:
        self._app = app
        self._is_model_route = is_model_route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":  # of what is said over one, hooks see the first message at most
            await receive()
            await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "route_not_governed"})
            return
        if scope["type"] == "http" and self._leads_to_models(scope["path"]) and not is_governed(scope):
            raise Refusal(
                403,
                "route_not_governed",
                "This route is closed here, because the gateway's rules and guardrails do not reach into it. An "
                "administrator can open such routes by `access.ungoverned_routes`.",
            )
        await self._app(scope, receive, send)

    def _leads_to_models(self, path: str) -> bool:
        return self._is_model_route(path) or MCP_SESSIONS.fullmatch(path.rstrip("/")) is not None


def is_governed(scope: Scope) -> bool:
    """Whether hooks see every request and every answer of this route, or it only lists models or tools."""
    path: str = scope["path"].rstrip("/")
    method: str = scope["method"]
    return bool(
        CALLS.fullmatch(path)
        or (method in READING and LISTINGS.fullmatch(path))
        or (method in STORED_METHODS and STORED_ANSWERS.fullmatch(path))
    )


def asks_for_stored_answer(scope: Scope) -> bool:
    """Whether a provider is asked to show, or to delete, an answer that it has kept."""
    path: str = scope["path"].rstrip("/")
    return scope["method"] in SERVED_STORED_METHODS and STORED_ANSWERS.fullmatch(path) is not None
