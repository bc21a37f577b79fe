"""From nothing to a serving gateway, and back to nothing on Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from inferspect.configuration import load_configuration
from inferspect.launcher.demo import ensure_demo_tenant
from inferspect.launcher.gateway_program import (
    DELIVERIES,
    GATEWAY,
    deliveries_program,
    gateway_environment,
    gateway_program,
    local_url,
)
from inferspect.launcher.home import Credentials, Home
from inferspect.launcher.litellm_range import check_litellm
from inferspect.launcher.log_files import LogFiles
from inferspect.launcher.metric_files import SHARED_FOLDER, prepare
from inferspect.launcher.ports import free_port, require_port
from inferspect.launcher.postgres import EmbeddedPostgres
from inferspect.launcher.redis import EmbeddedRedis
from inferspect.launcher.screen import show_progress, show_ready
from inferspect.launcher.service import Program, Service
from inferspect.logs import configure_logs
from inferspect.store.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from inferspect.settings import LaunchSettings, Settings

log = structlog.get_logger("inferspect.launcher")

GATEWAY_PATIENCE = 5.0
SERVICE_PATIENCE = 3.0
NOWHERE = "http://127.0.0.1:1/the-demo-model-is-off"  # without an address LiteLLM would ask OpenAI itself


@dataclass(slots=True)
class Launch:
    """One run of the launcher: what it was told, and the services it has started, in order."""

    settings: Settings
    launch: LaunchSettings
    home: Home
    credentials: Credentials
    services: list[Service]

    async def start(self) -> None:
        """Start everything, each thing once what it needs is ready.

        Raises:
            LaunchError: something could not be started.
        """
        database_url = await self._database()
        redis_url = await self._redis()
        await self._simulator()
        show_progress("database")
        await asyncio.to_thread(migrate, database_url)
        environment = gateway_environment(self.launch, self.home, self.credentials, database_url, redis_url)
        prepare(Path(environment[SHARED_FOLDER]))
        show_progress("gateway")
        await self._run(gateway_program(self.launch, self.settings, self.home, environment))
        if self.settings.events.consumers == "process":
            await self._run(deliveries_program(self.settings, self.home, environment))
        if self.settings.embedded.demo:
            await ensure_demo_tenant(local_url(self.launch), environment["LITELLM_MASTER_KEY"], self.credentials)

    async def stop(self) -> None:
        """End what uses the database first, so that last events and deliveries find it; then the rest at once."""
        users = [service for service in self.services if service.program.name in {GATEWAY, DELIVERIES}]
        others = [service for service in self.services if service not in users]
        await asyncio.gather(*(service.stop(GATEWAY_PATIENCE) for service in users))
        await asyncio.gather(*(service.stop(SERVICE_PATIENCE) for service in others))

    async def _database(self) -> str:
        if self.launch.database_url:
            return self.launch.database_url
        show_progress("PostgreSQL")
        postgres = EmbeddedPostgres(self.home, self.credentials.postgres_password)
        postgres.prepare()
        await self._run(postgres.program())
        postgres.create_database()
        return postgres.url

    async def _redis(self) -> str | None:
        if self.launch.redis_url or not self.settings.embedded.redis:
            return self.launch.redis_url
        redis = EmbeddedRedis(self.home, self.credentials.redis_password)
        await self._run(redis.program())
        return redis.url

    async def _simulator(self) -> None:
        if os.environ.get("INFERSPECT_DEMO_URL"):
            return
        if not self.settings.embedded.demo:
            os.environ["INFERSPECT_DEMO_URL"] = NOWHERE
            return
        port = free_port()
        os.environ["INFERSPECT_DEMO_URL"] = f"http://127.0.0.1:{port}/v1"
        await self._run(
            Program(
                name="demo model",
                command=[sys.executable, "-m", "inferspect.testing.upstream", "--port", str(port)],
                log=self.home.logs / "demo.log",
                is_ready=lambda: _is_listening(port),
            )
        )

    async def _run(self, program: Program) -> None:
        service = Service(program)
        self.services.append(service)
        await service.start()


async def serve(launch: LaunchSettings) -> None:
    """Run the gateway until it is told to stop by SIGINT or SIGTERM.

    Raises:
        LaunchError: it could not be started; nothing is left running.
        ConfigurationError: the configuration is wrong.
    """
    stopping = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sign, stopping.set)
    started = time.monotonic()
    check_litellm()
    configuration = load_configuration(launch.inferspect_config)
    configure_logs(configuration.settings.log)
    home = Home(launch.inferspect_home)
    home.lock()
    await require_port(launch.host, launch.port)
    run = Launch(configuration.settings, launch, home, home.credentials(), [])
    rotating = asyncio.create_task(LogFiles(home.logs, configuration.settings.log).keep_rotating())
    try:
        if await _until(run.start(), stopping):
            show_ready(run, time.monotonic() - started)
            await stopping.wait()
        show_progress("stopping")
    finally:
        await run.stop()
        rotating.cancel()


async def _until(work: Coroutine[Any, Any, None], stopping: asyncio.Event) -> bool:
    """Whether ``work`` came to its end before ``stopping`` was set; it is cancelled otherwise."""
    working, told = asyncio.ensure_future(work), asyncio.ensure_future(stopping.wait())
    await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    if not working.done():
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working
        return False
    working.result()
    return True


async def _is_listening(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
