"""Refuses JSON bodies that no API can read, before LiteLLM takes them for empty or fails on them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from inferspect.http.chat_shape import PATHS, check_chat
from inferspect.http.management.announcing import READING
from inferspect.http.mcp_call import PATH as MCP_CALL
from inferspect.http.mcp_call import check_mcp_call
from inferspect.http.scope import OWN_API, header
from inferspect.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OTHER_TYPES = ("multipart/", "application/x-www-form-urlencoded")  # whatever else it is called, LiteLLM reads JSON
# What only models read. A NUL is theirs to judge there; everywhere else it would end in a database that has none.
CONTENT_FIELDS = frozenset({"messages", "input", "prompt", "suffix", "system", "instructions", "prediction"})
NUL_ESCAPE = b"\\u0000"
DEEPEST = 128


class JsonBodyMiddleware:
    """Reads the body of a model route, or one of ours, whole, as LiteLLM does, and passes it on where it is sound.

    Args:
        is_model_route: whether a path belongs to an API that takes JSON objects.
    """

    def __init__(self, app: ASGIApp, is_model_route: Callable[[str], bool]) -> None:
        self._app = app
        self._is_model_route = is_model_route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(OWN_API) and _names_nul(scope):
            raise Refusal(400, "invalid_character", "The address holds a NUL character.")
        if scope["type"] != "http" or not self._is_checked(scope):
            await self._app(scope, receive, send)
            return
        received = await _until_whole(receive)
        content = check_body(b"".join(message.get("body", b"") for message in received))
        if scope["path"].endswith(PATHS):
            check_chat(content)
        elif scope["path"] == MCP_CALL:
            check_mcp_call(content)
        remaining = iter(received)

        async def receive_again() -> Message:
            message = next(remaining, None)
            return await receive() if message is None else message

        await self._app(scope, receive_again, send)

    def _is_checked(self, scope: Scope) -> bool:
        is_other = (header(scope, b"content-type") or "").lower().startswith(OTHER_TYPES)
        path = scope["path"]
        if path.startswith(OWN_API):
            return scope["method"] not in READING
        if scope["method"] != "POST" or (is_other and path != MCP_CALL):  # where LiteLLM always reads JSON
            return False
        return self._is_model_route(path)


def _names_nul(scope: Scope) -> bool:
    return "\0" in scope["path"] or b"%00" in scope.get("query_string", b"")


async def _until_whole(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def check_body(body: bytes) -> dict[str, Any]:
    """The content of a body; an empty one is left to LiteLLM, which names what is missing.

    Raises:
        Refusal: 400 ``invalid_json`` or ``invalid_character``; the message never quotes the body.
    """
    if not body.strip():
        return {}
    content = _parsed(body)
    if not isinstance(content, dict):
        raise Refusal(400, "invalid_json", "The request body must be a JSON object.")
    if _depth_exceeds(content, DEEPEST):
        raise Refusal(400, "invalid_json", f"The request body is nested deeper than {DEEPEST} levels.")
    if NUL_ESCAPE in body:
        for field, value in content.items():
            if "\0" in field or (field not in CONTENT_FIELDS and _holds_nul(value)):
                shown = field.replace("\0", "")[:64]
                raise Refusal(400, "invalid_character", f"{shown!r} holds a NUL character.", shown)
    return content


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal(400, "invalid_json", f"The request body is not valid JSON: {error}.") from None


def _depth_exceeds(content: Any, levels: int) -> bool:
    layer = [content]
    for _ in range(levels):
        layer = [child for value in layer for child in _members(value)]
        if not layer:
            return False
    return True


def _members(value: Any) -> list[Any]:
    children = value.values() if isinstance(value, dict) else value
    return [child for child in children if isinstance(child, dict | list)]


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _holds_nul(member) for key, member in value.items())
    return isinstance(value, list) and any(map(_holds_nul, value))
