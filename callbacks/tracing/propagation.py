"""Passes the trace's context on to providers, so that what they tell of a request joins its trace."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

import litellm
from litellm.integrations.custom_logger import CustomLogger

from inferspect.context import RequestContext, current
from inferspect.runtime import Runtime, running
from inferspect.settings import LaunchSettings
from inferspect.spans.builder import call_span_id
from inferspect.spans.ids import is_sampled, trace_id_of
from inferspect.spans.sessions import SessionTraces, session_traces
from inferspect.spans.w3c import TraceParent, parse_parent

NOT_SAMPLED = "00"


class PropagationHook(CustomLogger):
    """Adds ``traceparent`` and ``tracestate`` to calls of the providers that the settings name."""

    def __init__(self) -> None:
        super().__init__()
        self._of: Runtime | None = None
        self._sessions: SessionTraces | None = None

    async def async_pre_call_deployment_hook(self, kwargs: dict[str, Any], call_type: Any) -> dict[str, Any] | None:
        """The arguments with two more headers, or ``None`` where they stay as they are."""
        context = current()
        if context is None or not _accepts(kwargs) or litellm.enable_caching_on_provider_specific_optional_params:
            return None  # with that flag LiteLLM would make the headers a part of the cache's key
        given = kwargs.get("extra_headers")
        kwargs["extra_headers"] = {
            **(given if isinstance(given, Mapping) else {}),
            **headers_of(context, self._found_sessions()),
        }
        return kwargs

    def _found_sessions(self) -> SessionTraces | None:
        """Looked for once for each runtime; a collector's traces are never by session."""
        runtime = running()
        if self._of is not runtime:
            settings = runtime.settings
            has_collector = settings.tracing.endpoint is not None
            self._sessions = None if has_collector else session_traces(settings.langfuse, LaunchSettings())
            self._of = runtime
        return self._sessions


def headers_of(context: RequestContext, sessions: SessionTraces | None) -> dict[str, str]:
    """The trace's context as of the call: its span is the parent of what the provider does."""
    trace, settings = context.trace, running().settings
    tenant_id = context.tenant.id if context.tenant else context.team_id
    trace_id = trace_id_of(
        context.request_id,
        trace.parent,
        session=(tenant_id, trace.session_id),
        sessions=sessions,
    )
    given = parse_parent(trace.parent)
    flags = given.flags if given else "01" if is_sampled(trace_id, settings.tracing.sample_rate) else NOT_SAMPLED
    headers = {"traceparent": str(TraceParent(trace_id, call_span_id(context.request_id), flags))}
    return headers | ({"tracestate": trace.state} if trace.state else {})


def _accepts(kwargs: Mapping[str, Any]) -> bool:
    patterns = running().settings.tracing.propagate
    if not patterns:
        return False
    info = kwargs.get("model_info")
    deployment = info.get("id") if isinstance(info, Mapping) else None
    provider = kwargs.get("custom_llm_provider") or str(kwargs.get("model") or "").partition("/")[0]
    names = [name for name in (provider, deployment) if isinstance(name, str)]
    return any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns)


hook = PropagationHook()
