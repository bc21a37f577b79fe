"""Tells the request's event what only LiteLLM knows. First in the list of callbacks, so that refusals have a caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm.integrations.custom_logger import CustomLogger

from callbacks.events.outcome import from_logging_payload, from_response
from inferspect.context import RequestContext, current
from inferspect.runtime import running

if TYPE_CHECKING:
    from datetime import datetime

    from litellm.caching.caching import DualCache
    from litellm.proxy._types import UserAPIKeyAuth


class EventCallback(CustomLogger):
    """Fills the request's context before the response leaves and completes its event when LiteLLM has the cost.

    It observes: whatever it cannot read stays empty, and no request fails because of it.
    """

    async def async_pre_call_hook(
        self, user_api_key_dict: UserAPIKeyAuth, cache: DualCache, data: dict[str, Any], call_type: str
    ) -> None:
        context = current()
        if context is not None:
            note_caller(context, user_api_key_dict)
            context.call_type = call_type
            context.model = text_or_none(data.get("model"))
            context.stream = data.get("stream") is True
            context.end_user = text_or_none(data.get("user"))

    async def async_post_call_success_hook(
        self, data: dict[str, Any], user_api_key_dict: UserAPIKeyAuth, response: Any
    ) -> None:
        context = current()
        if context is not None:
            context.settled = from_response(response, context.outcome)

    async def async_log_success_event(
        self, kwargs: dict[str, Any], response_obj: Any, start_time: datetime, end_time: datetime
    ) -> None:
        context = current()
        payload = kwargs.get("standard_logging_object")
        if context is None or not isinstance(payload, dict):
            return
        from_logging_payload(payload, context.outcome)
        was_settled, context.settled = context.settled, True
        recorder = running().recorder
        if context.recorded and _is_told(context) and not was_settled and recorder is not None:
            await recorder.record(context, complete=True)

    async def async_post_call_failure_hook(
        self,
        request_data: dict[str, Any],
        original_exception: Exception,
        user_api_key_dict: UserAPIKeyAuth,
        traceback_str: str | None = None,
    ) -> None:
        context = current()
        if context is not None:
            note_caller(context, user_api_key_dict)
            context.model = context.model or text_or_none(request_data.get("model"))
            context.outcome.error_class = type(original_exception).__name__
            # A stream may fail before its first byte and tell so within it, after a status of success.
            if context.stream or context.status is not None:
                context.stream_failed = True


def _is_told(context: RequestContext) -> bool:
    """Whether the middleware has written the event for the last time; until then it sees what is settled itself."""
    return context.ended if context.stream else context.status is not None


def note_caller(context: RequestContext, key: UserAPIKeyAuth) -> None:
    """Who called: only the hash of the key, never the key."""
    context.key_hash = key.token
    context.key_alias = key.key_alias
    context.user_id = key.user_id
    context.team_id = key.team_id
    context.team_alias = key.team_alias


def text_or_none(value: Any) -> str | None:
    """A client's value as far as an event keeps it."""
    return value[:256] if isinstance(value, str) else None
