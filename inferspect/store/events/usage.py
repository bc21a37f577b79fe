"""Usage: tokens and cost of each request that reached a provider or the cache, one row a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inferspect.events.event import GatewayEvent

SERVED = frozenset({"success", "cached"})
TAKEN_OVER = (
    "id", "occurred_at", "revision", "tenant_id", "key_hash", "user_id", "end_user", "model", "model_served",
    "provider", "deployment_id", "call_type", "tags", "result", "cost",
)  # fmt: skip


def usage_of(event: GatewayEvent) -> dict[str, Any] | None:
    """The row of a request; ``None`` where it used nothing, as one that was refused."""
    known = event.prompt_tokens or event.completion_tokens or event.total_tokens or event.cost
    if event.result not in SERVED and not known:
        return None
    return {
        **{name: getattr(event, name) for name in TAKEN_OVER},
        "prompt_tokens": event.prompt_tokens or 0,
        "completion_tokens": event.completion_tokens or 0,
        "details": event.usage,
    }
