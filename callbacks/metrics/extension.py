"""Joins the observers of a process: counts the requests that end in it, or tells the figures of a process without."""

from __future__ import annotations

import os
from pathlib import Path
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import start_http_server

from callbacks.metrics.chosen import ChosenTenants, keep_choosing
from callbacks.metrics.models import ModelLabels, models_of_the_router
from callbacks.metrics.requests import request_counter
from callbacks.metrics.tenants import TenantUsage
from inferspect.extension import Observer
from inferspect.observation.metrics import MetricSettings

log = structlog.get_logger("callbacks.metrics")

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


async def start(observer: Observer) -> None:
    """Count what ends in a gateway's worker; in a process of ``inferspect worker`` only tell its figures.

    Raises:
        OSError: ``metrics.worker_port`` is taken.
    """
    settings = observer.settings.metrics
    if observer.settings.events.consumers == "worker" and observer.delivers:
        tell_own_figures(settings)
        return
    folder = os.environ.get(SHARED_FOLDER)
    usage = TenantUsage()
    chosen = ChosenTenants(Path(folder) if folder else None, settings.tenants, settings.pinned_tenants)
    observer.listeners.extend([request_counter(ModelLabels(models_of_the_router)), usage.count])
    observer.in_background(keep_choosing(chosen, usage, observer.engine))


def tell_own_figures(settings: MetricSettings) -> WSGIServer | None:
    """Serve this process's figures from a thread for as long as it lives, where the settings name a port.

    Raises:
        OSError: the port is taken.
    """
    if settings.worker_port is None:
        return None
    server, _ = start_http_server(settings.worker_port, settings.worker_host)
    log.info("figures of this process are served", host=settings.worker_host, port=settings.worker_port)
    return server
