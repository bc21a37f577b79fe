"""Gives each tenant a namespace of its own in LiteLLM's cache, whatever the client asks for.

LiteLLM builds a cache key from the request alone, so two tenants with one question would share an answer; and it
lets the client choose namespace and key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from litellm.integrations.custom_logger import CustomLogger

from inferspect.refusal import Refusal
from inferspect.runtime import running, served_request

if TYPE_CHECKING:
    from litellm.caching.caching import DualCache
    from litellm.proxy._types import UserAPIKeyAuth

# With these a client could name the key of another tenant's answer.
KEY_FIELDS = ("preset_cache_key", "cache_key", "litellm_params")
CONTROLS = frozenset({"use-cache", "no-cache", "no-store", "ttl", "s-maxage"})


class CacheIsolationPlugin(CustomLogger):
    """Keeps of the client's ``cache`` only what says whether and how long to cache."""

    async def async_pre_call_hook(
        self, user_api_key_dict: UserAPIKeyAuth, cache: DualCache, data: dict[str, Any], call_type: str
    ) -> dict[str, Any]:
        context = served_request()
        tenant = running().tenant_of(context, user_api_key_dict)
        asked = data.get("cache")
        if asked is not None and not isinstance(asked, Mapping):
            refusal = Refusal(
                400, "cache_invalid", "'cache' must be an object, such as {\"use-cache\": true}.", "cache"
            )
            raise context.refuse(refusal)
        for field in KEY_FIELDS:
            data.pop(field, None)
        controls = {name: value for name, value in (asked or {}).items() if name in CONTROLS}
        data["cache"] = {**controls, "namespace": f"tenant:{tenant.id}"}
        return data
