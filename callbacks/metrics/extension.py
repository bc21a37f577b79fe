"""Joins the observers of a process: counts the requests that end in it, and measures the spools beside it."""

from __future__ import annotations

import os
from pathlib import Path

from callbacks.metrics.chosen import ChosenTenants, keep_choosing
from callbacks.metrics.quotas import LEADER, QuotaFigures
from callbacks.metrics.requests import request_counter
from callbacks.metrics.spools import keep_measuring
from callbacks.metrics.tenants import TenantUsage
from inferspect.extension import Observer
from inferspect.labels.models import ModelLabels
from inferspect.store.leader import lead

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


async def start(observer: Observer) -> None:
    settings = observer.settings.metrics
    if observer.settings.events.consumers != "gateway" and observer.delivers:
        return  # a process that only delivers: no request ends in it
    folder = os.environ.get(SHARED_FOLDER)
    usage = TenantUsage()
    chosen = ChosenTenants(Path(folder) if folder else None, settings.tenants, settings.pinned_tenants)
    observer.listeners.extend([request_counter(ModelLabels(observer.models)), usage.count])
    observer.in_background(keep_choosing(chosen, usage, observer.engine))
    observer.in_background(lead(observer.engine, LEADER, QuotaFigures(observer.engine, chosen).run))
    spools = observer.launch.inferspect_home / "spool"
    observer.in_background(keep_measuring(spools, observer.settings.events.settle_after))
