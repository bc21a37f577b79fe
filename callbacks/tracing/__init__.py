"""OpenTelemetry: gateway traces to a collector, and the trace's context to providers."""

from __future__ import annotations

from typing import Any

__all__ = ["hook"]


def __getattr__(name: str) -> Any:
    """The hook, for LiteLLM; made when it is asked for, as processes that only consume events have no LiteLLM."""
    if name == "hook":
        from callbacks.tracing.propagation import hook  # noqa: PLC0415  as above

        return hook
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
