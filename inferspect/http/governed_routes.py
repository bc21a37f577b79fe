"""Closes the model routes that no hook looks into: they would reach a provider past rules, masking and events.

LiteLLM serves many more APIs than it calls hooks for: token counting, pass-through to a provider's own API with the
gateway's key, files, batches, vector stores and assistants, which all tenants would share at the provider.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

GOVERNED = re.compile(
    r"""
    (?: /v1 | /v2 | /openai/v1 | /openai/deployments/.+ | /engines/[^/]+ | /cursor(?:/v1)? | /claude_code_gateway/v1 )?
    (?: /chat/completions | /completions | /embeddings | /messages | /moderations | /rerank
      | /responses (?: /(?!input_tokens)[^/]+ (?: /input_items | /cancel )? )?
      | /images/ (?: generations | edits | variations )
      | /audio/ (?: speech | transcriptions | translations ) )
  | (?: /v1beta )? /models/.+ : (?: generateContent | streamGenerateContent )
  | /utils/.+
    """,
    re.VERBOSE,
)
LISTINGS = re.compile(r"(?:/v1|/openai/v1|/cursor(?:/v1)?)?/models(?:/.+)?")


class GovernedRoutesMiddleware:
    """Refuses what is a model route for LiteLLM but is not governed here.

    Args:
        is_model_route: whether LiteLLM serves a path as one that keys may use for models.
    """

    def __init__(self, app: ASGIApp, is_model_route: Callable[[str], bool]) -> None:
        self._app = app
        self._is_model_route = is_model_route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._is_model_route(scope["path"]) and not is_governed(scope):
            raise Refusal(
                403,
                "route_not_governed",
                "This route is closed here, because the gateway's rules and guardrails do not reach into it. An "
                "administrator can open such routes by `access.ungoverned_routes`.",
            )
        await self._app(scope, receive, send)


def is_governed(scope: Scope) -> bool:
    """Whether hooks see every request of this route, or it only lists models."""
    path: str = scope["path"].rstrip("/")
    return bool(GOVERNED.fullmatch(path)) or (
        scope["method"] in {"GET", "HEAD", "OPTIONS"} and bool(LISTINGS.fullmatch(path))
    )
