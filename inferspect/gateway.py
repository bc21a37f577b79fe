"""The worker start-up hook: what makes a stock LiteLLM worker an InferSpect gateway.

LiteLLM runs :func:`start` in every worker before it loads its configuration
(``LITELLM_WORKER_STARTUP_HOOKS=inferspect.gateway:start``), with its FastAPI application importable.
"""

from __future__ import annotations

import asyncio
import os
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import structlog
from starlette.middleware import Middleware

from inferspect.configuration import load_configuration
from inferspect.events.observation import observe
from inferspect.events.recorder import EventRecorder
from inferspect.events.shipper import Shipper
from inferspect.events.spool import open_spool
from inferspect.extension import Worker, extensions
from inferspect.http.body_limit import BodyLimitMiddleware
from inferspect.http.error_shape import ErrorShapeMiddleware
from inferspect.http.governed_routes import GovernedRoutesMiddleware
from inferspect.http.health import health_router
from inferspect.http.json_body import JsonBodyMiddleware
from inferspect.http.management.actions import ManagementActionsMiddleware, litellm_key_header
from inferspect.http.management.announcing import ManagementMiddleware
from inferspect.http.management.journal import management_journal
from inferspect.http.metrics import metrics_router
from inferspect.http.recording import RecordingMiddleware
from inferspect.http.request_context import RequestContextMiddleware
from inferspect.labels.models import models_of_the_router
from inferspect.launcher.home import LaunchError
from inferspect.launcher.lifeline import die_with_parent
from inferspect.launcher.prisma_client import ENGINE_PARENT
from inferspect.logs import configure_logs
from inferspect.runtime import Runtime, install
from inferspect.settings import LaunchSettings
from inferspect.store.engine import engine_of
from inferspect.store.events.writer import EventWriter
from inferspect.store.waiting import wait_for_database
from inferspect.tenancy import TenantDirectory
from inferspect.tenancy.changes import announce_change, listen_for_changes

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from fastapi import FastAPI

log = structlog.get_logger("inferspect.gateway")

_background: set[asyncio.Task[None]] = set()


async def start() -> None:
    """Open the spool, install the runtime for the hooks, mount middleware and routes, begin to ship events.

    Raises:
        ConfigurationError: the configuration is wrong; the worker does not start.
        SpoolError: the data folder cannot be written; the worker does not start.
    """
    from litellm.proxy.auth.route_checks import RouteChecks  # noqa: PLC0415  LiteLLM is there only inside its worker
    from litellm.proxy.proxy_server import app  # noqa: PLC0415

    from inferspect.events.api import events_router  # noqa: PLC0415  as above
    from inferspect.http.tenant_access import mount  # noqa: PLC0415  as above

    die_with_parent()
    os.environ[ENGINE_PARENT] = str(os.getpid())
    launch = LaunchSettings()
    if launch.database_url is None:
        raise LaunchError("DATABASE_URL is not set: events and tenants need a database. `inferspect serve` brings one.")
    configuration = load_configuration(launch.inferspect_config)
    settings = configuration.settings
    configure_logs(settings.log)
    spool = await open_spool(launch.inferspect_home / "spool")
    engine = engine_of(launch.database_url, pool_size=4, pool_pre_ping=True)
    await wait_for_database(engine)
    delivers = settings.events.consumers == "gateway"
    observer = await observe(
        configuration, launch, engine, in_background, delivers=delivers, models=models_of_the_router
    )
    recorder = EventRecorder(spool, settings.events, observer.listeners)
    install(Runtime(settings, TenantDirectory(configuration.default_rules), recorder))
    is_model_route = lru_cache(maxsize=1024)(RouteChecks.is_llm_api_route)
    closes = settings.access.ungoverned_routes == "refuse"
    add_middleware(
        app,
        Middleware(RequestContextMiddleware, trusted_proxies=settings.access.trusted_proxies),
        Middleware(RecordingMiddleware, recorder=recorder, is_model_route=is_model_route),
        Middleware(ErrorShapeMiddleware, is_model_route=is_model_route),
        *([Middleware(GovernedRoutesMiddleware, is_model_route=is_model_route)] if closes else []),
        Middleware(
            ManagementActionsMiddleware,
            journal=management_journal(engine, launch),
            is_model_route=is_model_route,
            key_header=litellm_key_header,
        ),
        Middleware(BodyLimitMiddleware, limits=settings.limits),
        Middleware(ManagementMiddleware, announce=partial(announce_change, engine)),
        Middleware(JsonBodyMiddleware, is_model_route=is_model_route),
    )
    app.include_router(health_router(spool, recorder))
    app.include_router(metrics_router())
    mount(app, events_router(engine))
    for extend in extensions():
        await extend(Worker(app, settings, launch, engine, in_background))
    in_background(recorder.keep_trying())
    in_background(Shipper(spool, EventWriter(engine, observer.consumers, observer.tenants), settings.events).run())
    in_background(listen_for_changes(launch.database_url, forget_keys))
    log.info("worker ready for LiteLLM", pid=os.getpid(), spool=spool.path.name)


def forget_keys() -> None:
    """Have LiteLLM look keys and teams up again."""
    from litellm.proxy import proxy_server  # noqa: PLC0415  LiteLLM is there only inside its worker

    remembered = proxy_server.user_api_key_cache
    remembered.in_memory_cache.flush_cache()
    remembered.key_object_cache.in_memory_cache.flush_cache()


def add_middleware(app: FastAPI, *middleware: Middleware) -> None:
    """Wrap ``app``, outermost first, although its lifespan has begun: requests that follow see the new stack."""
    app.user_middleware[:0] = middleware
    app.middleware_stack = app.build_middleware_stack()


def in_background(work: Coroutine[Any, Any, None]) -> None:
    """Run for as long as the worker does; cancelled with its event loop."""
    task = asyncio.create_task(work)
    _background.add(task)
    task.add_done_callback(_report)


def _report(task: asyncio.Task[None]) -> None:
    _background.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a background task of the gateway ended", exc_info=error)
