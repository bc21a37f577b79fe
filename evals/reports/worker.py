"""The process that makes scheduled reports until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import suppress

import structlog

from evals.reports.local import place
from evals.reports.schedule import LEADER, Scheduler
from inferspect.launcher.home import LaunchError
from inferspect.logs import configure_logs, withhold_values
from inferspect.store.leader import lead

log = structlog.get_logger("inferspect.reports")


async def work() -> None:
    """Make what is due while no other process does; a report at hand at the end is given up and made again later.

    Raises:
        LaunchError: nothing is scheduled, or there is no database.
        ConfigurationError: the configuration is wrong.
    """
    stopping = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sign, stopping.set)
    async with place() as here:
        settings = here.configuration.settings
        if not settings.reports.schedule:
            raise LaunchError("`reports.schedule` names no suite; see docs/deepchecks.md")
        configure_logs(settings.log)
        withhold_values()
        logging.getLogger("azure").setLevel(logging.WARNING)  # two lines for each call of the artefact store
        scheduler = Scheduler(here.engine, here.tenants, settings, here.artefacts, here.folder)
        working = asyncio.create_task(lead(here.engine, LEADER, scheduler.run))
        log.info("reports are made", pid=os.getpid(), suites=[entry.suite for entry in settings.reports.schedule])
        await stopping.wait()
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        log.info("no more reports are made")
