"""What scorers are told of an event beside its texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inferspect.events.event import GatewayEvent

TOLD = ("model", "model_served", "call_type", "stream", "finish_reason", "completion_tokens")
PII = "pii"


def figures_of(event: GatewayEvent) -> dict[str, Any]:
    """Figures by name, JSON."""
    return {
        **{name: getattr(event, name) for name in TOLD},
        "reasoning_tokens": event.usage.get("reasoning", 0),
        "seconds": event.seconds_total,
        "pii_found": _pii_found(event),
        "response_format": _response_format(event.parameters),
    }


def _pii_found(event: GatewayEvent) -> int | None:
    counts = [
        sum(verdict["counts"].values())
        for verdict in event.verdicts
        if (verdict["guardrail"], verdict["direction"]) == (PII, "output")
    ]
    return sum(counts) if counts else None


def _response_format(parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Of OpenAI's chat API, or of its responses API, where it is ``text.format``."""
    text = parameters.get("text")
    form = parameters.get("response_format") or (text.get("format") if isinstance(text, Mapping) else None)
    return form if isinstance(form, Mapping) else None
