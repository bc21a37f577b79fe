"""Langfuse: a trace of every request, its scores, and prompts."""

from __future__ import annotations

from typing import Any

__all__ = ["hook"]


def __getattr__(name: str) -> Any:
    """The hook, for LiteLLM; made when it is asked for, as processes that only consume events have no LiteLLM."""
    if name == "hook":
        from callbacks.langfuse_tracing.prompting import hook  # noqa: PLC0415  as above

        return hook
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
