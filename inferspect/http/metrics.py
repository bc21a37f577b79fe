"""``GET /metrics`` and ``GET /inferspect/metrics``: LiteLLM's figures and ours, in Prometheus' text format.

One collection has both, because both are made with the same client: of all workers where they share a folder, else of
the asked one. ``/metrics`` is LiteLLM's route; it is there with LiteLLM's ``prometheus`` callback and without, and who
may read it is decided by LiteLLM's middleware for that path (``litellm_settings.require_auth_for_metrics_endpoint``).
"""

from __future__ import annotations

import gzip
import os
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.exposition import choose_encoder, gzip_accepted
from prometheus_client.multiprocess import MultiProcessCollector

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
Accepted = Annotated[str, Header()]


def metrics_router() -> APIRouter:
    """Both routes.

    ``/inferspect/metrics`` takes the platform administrator's key, or one whose ``allowed_routes`` have the route:
    LiteLLM's rule for routes that it does not know. Only the platform administrator gives ``allowed_routes``.
    """
    from litellm.proxy.auth.user_api_key_auth import (  # noqa: PLC0415  LiteLLM is there only inside its worker
        user_api_key_auth,
    )

    router = APIRouter()

    # Not a coroutine function: other workers' figures are read from files, in a thread.
    @router.get("/metrics", include_in_schema=False)
    def metrics(accept: Accepted = "", accept_encoding: Accepted = "") -> Response:
        return _figures(accept, accept_encoding)

    @router.get("/inferspect/metrics", include_in_schema=False, dependencies=[Depends(user_api_key_auth)])
    def inferspect_metrics(accept: Accepted = "", accept_encoding: Accepted = "") -> Response:
        return _figures(accept, accept_encoding)

    return router


def _figures(accept: str, accept_encoding: str) -> Response:
    encode, content_type = choose_encoder(accept)
    text = encode(_registry())
    if not gzip_accepted(accept_encoding):
        return Response(text, media_type=content_type)
    return Response(gzip.compress(text), media_type=content_type, headers={"Content-Encoding": "gzip"})


def _registry() -> CollectorRegistry:
    """This process's own, unless all workers leave their figures in one folder."""
    if not os.environ.get(SHARED_FOLDER):
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry
