"""The component health of one worker, beside LiteLLM's ``/health/liveliness`` and ``/health/readiness``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Response

if TYPE_CHECKING:
    from inferspect.events.recorder import EventRecorder
    from inferspect.events.spool import Spool


def health_router(spool: Spool, recorder: EventRecorder) -> APIRouter:
    """``GET /inferspect/health``: 200 where this worker accepts requests, else 503; readable without a key."""
    router = APIRouter()

    @router.get("/inferspect/health", include_in_schema=False)
    async def health(response: Response) -> dict[str, Any]:
        components = {
            "spool": {"ok": recorder.refusal() is None, "events_waiting": await spool.depth(), "bytes": spool.size()},
            "database": await _database(),
            "redis": await _redis(),
        }
        serving = bool(components["spool"]["ok"])
        response.status_code = 200 if serving else 503
        well = all(component["ok"] for component in components.values())
        return {"status": "ok" if well else "degraded" if serving else "unavailable", "components": components}

    return router


async def _database() -> dict[str, Any]:
    from litellm.proxy import proxy_server  # noqa: PLC0415  LiteLLM is there only inside its worker

    if proxy_server.prisma_client is None:
        return {"ok": True, "configured": False}
    return await _checked(proxy_server.prisma_client.health_check())


async def _redis() -> dict[str, Any]:
    from litellm.proxy import proxy_server  # noqa: PLC0415  LiteLLM is there only inside its worker

    if proxy_server.redis_usage_cache is None:
        return {"ok": True, "configured": False}
    return await _checked(proxy_server.redis_usage_cache.ping())


async def _checked(check: Any) -> dict[str, Any]:
    try:
        await check
    except Exception as error:  # noqa: BLE001  any failure of a component is what this page reports
        return {"ok": False, "configured": True, "error": type(error).__name__}
    return {"ok": True, "configured": True}
