"""Tells the request's event what only LiteLLM knows. First in the list of callbacks, so that refusals have a caller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm.integrations.custom_logger import CustomLogger

from callbacks.events.attempts import begin_attempt, end_attempt, forget_attempt
from callbacks.events.exchange import answered, asked, parameters
from callbacks.events.outcome import from_cost_breakdown, from_logging_payload, from_response
from inferspect.context import RequestContext, current
from inferspect.events.recorder import no_room
from inferspect.refusal import Refusal
from inferspect.runtime import running
from inferspect.spans.request import end_user_of, trace_of

if TYPE_CHECKING:
    from datetime import datetime

    from litellm.caching.caching import DualCache
    from litellm.proxy._types import UserAPIKeyAuth

# LiteLLM asks no other deployment after this status and does not rest the one at hand; clients get the refusal's own.
NOT_TRIED_AGAIN = 422
# Before LiteLLM calls a tool of an MCP server it calls one hook twice: with the body as it came, which guardrails look
# through, and with a made-up chat that has this field.
TOOL_CALL = "call_mcp_tool"
MADE_UP = "mcp_arguments"


class EventCallback(CustomLogger):
    """Fills the request's context before the response leaves and completes its event when LiteLLM has the cost.

    It observes: whatever it cannot read stays empty, and no request fails because of it; but one that cannot be
    recorded goes to no provider.
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
            sent = data.get("proxy_server_request")
            headers = sent.get("headers") if isinstance(sent, dict) else None
            headers = headers if isinstance(headers, dict) else {}
            context.trace = trace_of(headers, data)
            context.end_user = end_user_of(headers, data)
            if call_type == TOOL_CALL and MADE_UP in data:
                await _record_intent(context)

    async def async_pre_call_deployment_hook(self, kwargs: dict[str, Any], call_type: Any) -> None:
        """Have the event on disk before a provider is called; by now the guardrails have been over the request.

        Raises:
            Refusal: it cannot be written, and nothing has been sent to the provider.
        """
        context = current()
        if context is None:
            return
        begin_attempt(context, kwargs)
        if context.event_revision:
            return
        context.input = asked(kwargs)
        context.parameters = parameters(kwargs)
        await _record_intent(context)

    async def async_post_call_success_deployment_hook(
        self, request_data: dict[str, Any], response: Any, call_type: Any
    ) -> None:
        context = current()
        if context is not None and not request_data.get("stream"):
            end_attempt(context)

    async def async_post_call_failure_deployment_hook(
        self, request_data: Any, exception: Exception, call_type: Any, fallback_depth: int | None = None
    ) -> None:
        context = current()
        if context is not None:
            end_attempt(context, exception)

    async def async_post_call_success_hook(
        self, data: dict[str, Any], user_api_key_dict: UserAPIKeyAuth, response: Any
    ) -> None:
        context = current()
        if context is not None and _is_kept_answer(context):
            context.settled = True
        elif context is not None:
            context.settled = from_response(response, context.outcome)
            from_cost_breakdown(getattr(data.get("litellm_logging_obj"), "cost_breakdown", None), context.outcome)
            if context.outcome.provider is None and context.attempts:  # no answer of Anthropic's names it
                context.outcome.provider = context.attempts[-1].provider
            context.output = answered(response)
            if context.outcome.cache_hit:
                forget_attempt(context)

    async def async_log_success_event(
        self, kwargs: dict[str, Any], response_obj: Any, start_time: datetime, end_time: datetime
    ) -> None:
        context = current()
        payload = kwargs.get("standard_logging_object")
        if context is None or not isinstance(payload, dict) or _is_kept_answer(context):
            return
        from_logging_payload(payload, context.outcome)
        if context.outcome.cache_hit:
            forget_attempt(context)
        elif context.stream:
            end_attempt(context)
            note_first_token(context, payload)
        if context.output is None:
            context.output = answered(payload.get("response"))
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
            end_attempt(context, original_exception)
            # A stream may fail before its first byte and tell so within it, after a status of success.
            if context.stream or context.status is not None:
                context.stream_failed = True


async def _record_intent(context: RequestContext) -> None:
    recorder = running().recorder
    if not context.recorded or context.event_revision or recorder is None:
        return
    if await recorder.record(context, complete=False):
        return
    forget_attempt(context)
    refusal = context.refuse(no_room())
    raise Refusal(NOT_TRIED_AGAIN, "event_spool_unavailable", refusal.message)


def _is_kept_answer(context: RequestContext) -> bool:
    """Whether a provider has kept the answer: its tokens, cost and content are in the event that it was made in."""
    return context.method != "POST"


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


def note_first_token(context: RequestContext, payload: dict[str, Any]) -> None:
    """When the provider's first piece came, in seconds after the request did."""
    first = payload.get("completionStartTime")
    if isinstance(first, int | float) and first > 0:
        context.outcome.seconds_to_first_token = max(0.0, first - context.received_at.timestamp())


def text_or_none(value: Any) -> str | None:
    """A client's value as far as an event keeps it."""
    return value[:256] if isinstance(value, str) else None
