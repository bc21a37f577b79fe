"""Which deployments a request was sent to, one after the other, and how each call ended."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from inferspect.context import Attempt, RequestContext


def begin_attempt(context: RequestContext, request: Mapping[str, Any]) -> None:
    """Note that a deployment is about to be called.

    LiteLLM serves some APIs by another one of its own functions; the inner call of the same deployment is no attempt.

    Args:
        request: arguments of the function of LiteLLM that calls it.
    """
    deployment_id = _deployment_id(request)
    if (last := open_attempt(context)) is not None and last.deployment_id == deployment_id:
        return
    name = str(request.get("model") or "")
    provider = _text(request.get("custom_llm_provider")) or _text(name.partition("/")[0] if "/" in name else None)
    context.attempts.append(
        Attempt(
            model=_text(name.removeprefix(f"{provider}/")),
            model_group=_model_group(request),
            provider=provider,
            deployment_id=deployment_id,
            started=_now(context),
        )
    )


def end_attempt(context: RequestContext, error: BaseException | None = None) -> None:
    """Note that the call that is going on has ended, and how it failed."""
    attempt = open_attempt(context)
    if attempt is None:
        return
    attempt.seconds = _now(context) - attempt.started
    if error is not None:
        attempt.error_class = type(error).__name__
        status = getattr(error, "status_code", None)
        attempt.error_status = status if isinstance(status, int) else None


def forget_attempt(context: RequestContext) -> None:
    """The cache answered in place of the deployment."""
    if open_attempt(context) is not None:
        context.attempts.pop()


def open_attempt(context: RequestContext) -> Attempt | None:
    """The call that is going on."""
    last = context.attempts[-1] if context.attempts else None
    return last if last is not None and last.seconds is None else None


def _now(context: RequestContext) -> float:
    return time.perf_counter() - context.started


def _deployment_id(request: Mapping[str, Any]) -> str | None:
    info = request.get("model_info")
    return _text(info.get("id")) if isinstance(info, Mapping) else None


def _model_group(request: Mapping[str, Any]) -> str | None:
    for name in ("metadata", "litellm_metadata"):
        noted = request.get(name)
        if isinstance(noted, Mapping) and isinstance(group := noted.get("model_group"), str):
            return group[:256]
    return None


def _text(value: Any) -> str | None:
    return value[:256] if isinstance(value, str) and value else None
