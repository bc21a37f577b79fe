"""PostgreSQL and Redis that the gateway does not run itself, so they can be taken away."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import time
from pathlib import Path

import psycopg

from inferspect.launcher.home import Home
from inferspect.launcher.lifeline import Preparation
from inferspect.launcher.postgres import EmbeddedPostgres
from inferspect.launcher.redis import EmbeddedRedis


class ExternalPostgres:
    """A PostgreSQL with a database for the gateway."""

    def __init__(self, folder: Path) -> None:
        self._postgres = EmbeddedPostgres(Home(folder), "outside")
        self._postgres.prepare()
        self.url = self._postgres.url
        self.start()
        self._postgres.create_database()

    def start(self) -> None:
        program = self._postgres.program()
        self._process = subprocess.Popen(
            program.command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=Preparation(signal.SIGINT, unprivileged=True),  # noqa: PLW1509  as the launcher does
        )
        while True:
            try:
                psycopg.connect(self.url.rpartition("/")[0] + "/postgres").close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait()


class ExternalRedis:
    """A Redis; what it holds is on its disk."""

    def __init__(self, folder: Path) -> None:
        redis = EmbeddedRedis(Home(folder), "outside")
        self._program = redis.program()
        self.url = redis.url
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._program.command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=Preparation(signal.SIGKILL),  # noqa: PLW1509  as the launcher does
        )
        while not asyncio.run(self._program.is_ready()):  # type: ignore[arg-type]
            time.sleep(0.05)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()
