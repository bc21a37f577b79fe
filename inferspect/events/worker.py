"""``inferspect worker``: a process that delivers events, for as many as there are needed beside the gateways."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from prometheus_client import start_http_server

from inferspect.configuration import load_configuration
from inferspect.events.observation import observe
from inferspect.labels.models import models_of
from inferspect.launcher.home import LaunchError
from inferspect.logs import configure_logs, withhold_values
from inferspect.store.engine import engine_of
from inferspect.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from inferspect.settings import LaunchSettings

log = structlog.get_logger("inferspect.events")

PATIENCE = 10.0
CONNECTIONS = 5


async def work(launch: LaunchSettings, metrics: tuple[str, int] | None = None, patience: float = PATIENCE) -> None:
    """Deliver until told to stop by SIGINT or SIGTERM.

    Args:
        metrics: address and port to show Prometheus' metrics on, to whoever reaches them.
        patience: seconds that batches at hand are given then.

    Raises:
        LaunchError: there is no ``DATABASE_URL``, the port is taken, or an observer cannot start.
        ConfigurationError: the configuration is wrong.
        MigrationError: the database cannot be used.
    """
    if launch.database_url is None:
        raise LaunchError("DATABASE_URL is not set: a worker takes events from the database of its gateways.")
    stopping = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sign, stopping.set)
    configuration = load_configuration(launch.inferspect_config)
    configure_logs(configuration.settings.log)
    withhold_values()
    if metrics is not None:
        _show_metrics(*metrics)
    await asyncio.to_thread(migrate, launch.database_url)
    engine = engine_of(launch.database_url, pool_size=CONNECTIONS, pool_pre_ping=True)
    background = _Background()
    try:
        try:
            models = partial(models_of, configuration.content)
            observer = await observe(
                configuration, launch, engine, background.start, delivers=True, models=models, patience=patience
            )
        except ValueError as wrong:  # a setting or a secret that only the observer itself can check
            raise LaunchError(f"An observer cannot start: {wrong}") from wrong
        names = [consumer.name for consumer in observer.consumers.consumers]
        log.info("worker delivers events", pid=os.getpid(), consumers=names)
        await stopping.wait()
        log.info("worker stops")
    finally:
        await background.end()
        await engine.dispose()


def _show_metrics(address: str, port: int) -> None:
    try:
        start_http_server(port, address)
    except OSError as error:
        raise LaunchError(
            f"Metrics cannot be shown on {address}:{port} ({error.strerror}). Choose another port."
        ) from None


class _Background:
    """What runs for as long as the process does."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a background task of the worker ended", exc_info=error)
