"""Joins the observers of a process, and the workers of the gateway."""

from __future__ import annotations

from callbacks.alerts.channels.building import notifiers_of
from callbacks.alerts.evaluation import LEADER, Evaluator
from callbacks.alerts.spools import SpoolTeller
from inferspect.extension import Observer, Worker
from inferspect.store.deliveries.outbox import Outbox
from inferspect.store.leader import lead


async def start(observer: Observer) -> None:
    """Add a consumer for each channel; tell of this machine's spools; evaluate the rules where this process leads.

    Raises:
        ValueError: a channel of the operator's own cannot be made.
    """
    for notifier in notifiers_of(observer.settings, observer.engine).values():
        observer.consumers.add(notifier)
    spools = observer.launch.inferspect_home / "spool"
    observer.in_background(SpoolTeller(observer.engine, spools, observer.settings.events.settle_after).run())
    if observer.delivers:
        evaluator = Evaluator(observer.engine, observer.outbox, observer.settings.alerts, observer.settings.reports)
        observer.in_background(lead(observer.engine, LEADER, evaluator.run))


async def mount_routes(worker: Worker) -> None:
    """Mount the routes of rules, alerts and silences."""
    from callbacks.alerts.api import routers  # noqa: PLC0415  LiteLLM is there only inside its worker
    from callbacks.alerts.service import AlertService, install  # noqa: PLC0415  as above
    from inferspect.http.tenant_access import mount  # noqa: PLC0415  as above

    settings = worker.settings
    install(AlertService(worker.engine, Outbox(worker.engine), settings.alerts, settings.reports))
    for router in routers:
        mount(worker.app, router)
