"""Keeps a request's retries away from the deployments that have failed it.

LiteLLM's router draws each retry anew and rests a deployment only after several failures, so both retries of a
request may meet the bad one. This hook remembers failures for the request alone; which deployments rest for all
requests stays the router's decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litellm.integrations.custom_logger import CustomLogger

from inferspect.context import current


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


def _deployment_id(holder: Mapping[str, object]) -> str | None:
    info = holder.get("model_info")
    found = info.get("id") if isinstance(info, Mapping) else getattr(info, "id", None)
    return found if isinstance(found, str) else None
