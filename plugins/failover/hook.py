"""Keeps a request away from the deployments that have failed it, and takes up streams that broke.

LiteLLM's router draws each retry anew and rests a deployment only after several failures, so both retries of a
request may meet the bad one. This hook remembers failures for the request alone; which deployments rest for all
requests stays the router's decision. A stream that breaks on its way is asked for again from another deployment and
continued where the client is, as long as the second answer begins like the first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import structlog
from litellm.integrations.custom_logger import CustomLogger

from inferspect.context import RequestContext, current
from plugins.failover.delivered import DeliveredStream, DivergedError

log = structlog.get_logger("plugins.failover")

CHAT = "acompletion"
ATTEMPTS = 2
FIRST_SERVER_ERROR = 500
TRANSIENT = {408, 429}
OF_THE_FIRST_TRY = ("litellm_logging_obj", "deployment", "fallback_depth", "attempted_targets")


class FailoverPlugin(CustomLogger):
    """Filters the router's candidates; where every candidate has failed, all stay, so that a retry is still tried."""

    async def async_post_call_failure_deployment_hook(
        self,
        request_data: Mapping[str, object],
        exception: Exception,
        call_type: Any,
        fallback_depth: int | None = None,
    ) -> None:
        context = current()
        deployment_id = _deployment_id(request_data)
        if context is not None and deployment_id is not None:
            context.failed_deployments.add(deployment_id)

    async def async_filter_deployments(
        self,
        model: str,
        healthy_deployments: list[dict[str, Any]],
        messages: list[Any] | None,
        request_kwargs: dict[str, Any] | None = None,
        parent_otel_span: Any = None,
    ) -> list[dict[str, Any]]:
        context = current()
        if context is None or not context.failed_deployments:
            return healthy_deployments
        untried = [d for d in healthy_deployments if _deployment_id(d) not in context.failed_deployments]
        return untried or healthy_deployments

    async def async_post_call_streaming_iterator_hook(
        self, user_api_key_dict: Any, response: Any, request_data: dict[str, Any]
    ) -> AsyncIterator[Any]:
        context = current()
        if context is None or context.call_type != CHAT:
            async for chunk in response:
                yield chunk
            return
        delivered = DeliveredStream()
        try:
            async for chunk in response:
                delivered.passed(chunk)
                yield chunk
        except Exception as error:  # noqa: BLE001  whatever broke the stream: it is taken up or raised again
            async for chunk in _taken_up(context, delivered, response, request_data, error):
                yield chunk


async def _taken_up(
    context: RequestContext, delivered: DeliveredStream, broken: Any, request_data: dict[str, Any], error: Exception
) -> AsyncIterator[Any]:
    """The rest of a broken stream from other deployments.

    Raises:
        Exception: ``error``, where the stream cannot be taken up.
    """
    for _ in range(ATTEMPTS):
        if not (_is_transient(error) and delivered.is_replayable):
            break
        _note_failure(context, broken)
        replay = delivered.replay()
        try:
            broken = await _asked_again(request_data)
            async for chunk in broken:
                continued = replay.continued(chunk)
                if continued is not None:
                    delivered.passed(continued)
                    yield continued
        except DivergedError:
            break
        except Exception as failure:  # noqa: BLE001  the next attempt decides; the client sees the first error
            log.info("a broken stream could not be taken up yet", reason=type(failure).__name__)
        else:
            log.info("a broken stream was taken up by another deployment")
            return
    raise error


async def _asked_again(request_data: dict[str, Any]) -> Any:
    """The same request to the router, which leaves out what has failed."""
    from litellm.proxy import proxy_server  # noqa: PLC0415  LiteLLM makes its router after the hooks are loaded

    request = {name: value for name, value in request_data.items() if name not in OF_THE_FIRST_TRY}
    return await proxy_server.llm_router.acompletion(**request)


def _is_transient(error: Exception) -> bool:
    status = getattr(error, "status_code", FIRST_SERVER_ERROR)
    return not isinstance(status, int) or status >= FIRST_SERVER_ERROR or status in TRANSIENT


def _note_failure(context: RequestContext, stream: Any) -> None:
    hidden = getattr(stream, "_hidden_params", None)
    deployment_id = hidden.get("model_id") if isinstance(hidden, dict) else None
    if isinstance(deployment_id, str):
        context.failed_deployments.add(deployment_id)


def _deployment_id(holder: Mapping[str, object]) -> str | None:
    info = holder.get("model_info")
    found = info.get("id") if isinstance(info, Mapping) else getattr(info, "id", None)
    return found if isinstance(found, str) else None
