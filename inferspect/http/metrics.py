"""``GET /inferspect/metrics``: the figures of this worker, or of all of them, in Prometheus' text format."""

from __future__ import annotations

import os

from fastapi import APIRouter, Depends, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


def metrics_router() -> APIRouter:
    """Readable with the platform administrator's key, or one whose ``allowed_routes`` have this route.

    That is LiteLLM's rule for routes that it does not know; only the platform administrator gives ``allowed_routes``.
    """
    from litellm.proxy.auth.user_api_key_auth import (  # noqa: PLC0415  LiteLLM is there only inside its worker
        user_api_key_auth,
    )

    router = APIRouter()

    # Not a coroutine function: other workers' figures are read from files, in a thread.
    @router.get("/inferspect/metrics", include_in_schema=False, dependencies=[Depends(user_api_key_auth)])
    def metrics() -> Response:
        return Response(generate_latest(_registry()), media_type=CONTENT_TYPE_LATEST)

    return router


def _registry() -> CollectorRegistry:
    """This process's own, unless all workers leave their figures in one folder."""
    if not os.environ.get(SHARED_FOLDER):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
