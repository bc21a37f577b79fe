"""A real gateway for tests: ``inferspect serve`` with a data folder, a port and a configuration of its own.

It ships, so that plugin authors test against the real thing too::

    with GatewayProcess(folder, config) as gateway:
        key = gateway.new_key(rules={"models": {"allowed": ["demo"]}})
        gateway.client(key).post("/v1/chat/completions", json=...)
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Self

import httpx
import psutil
import psycopg
from psycopg.rows import dict_row

from inferspect.launcher.ports import free_port

ENGINE = "engine"
READY_SIGN = "Ctrl-C stops everything"


class GatewayError(Exception):
    """The gateway did not start; the message has what it said."""


class GatewayProcess:
    """One gateway from start to stop.

    Args:
        folder: a folder for data and output; the data are kept between two starts with the same folder.
        config: the configuration file.
        environment: variables over those of this process.
        port: port to listen on; a free one where it is ``None``.

    Attributes:
        command: the module that is run, and its arguments.
    """

    command: ClassVar[tuple[str, ...]] = ("inferspect", "serve")

    def __init__(
        self, folder: Path, config: Path, environment: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self.home = folder / "home"
        self.output = folder / "output.log"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environment = {
            **os.environ,
            "INFERSPECT_HOME": str(self.home),
            "INFERSPECT_CONFIG": str(config),
            "PORT": str(self.port),
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._database_address = ""

    def start(self) -> Self:
        """Start and wait until the gateway is ready.

        Raises:
            GatewayError: it ended before.
        """
        self.launch()
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def launch(self) -> None:
        """Start without waiting."""
        self.output.parent.mkdir(parents=True, exist_ok=True)
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *self.command],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        while READY_SIGN not in self.said():
            if self.launcher.poll() is not None:
                raise GatewayError(f"the gateway ended with status {self.launcher.returncode}:\n{self.said()}")
            time.sleep(0.1)
        self._database_address = self._find_database()

    def stop(self) -> int:
        """Stop as Ctrl-C does and return the exit status."""
        if self.launcher.poll() is None:
            self.launcher.send_signal(signal.SIGINT)
        return self.launcher.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def launcher(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise GatewayError("the gateway was not started")
        return self._process

    def said(self) -> str:
        """What the launcher has written to its terminal."""
        return self.output.read_text(encoding="utf-8", errors="replace") if self.output.exists() else ""

    def log(self) -> str:
        """The logs of the gateway and of the process that delivers, with what was put aside of each, as at midnight."""
        logs = self.home / "logs"
        paths = [*sorted(logs.glob("gateway*.log")), *sorted(logs.glob("deliveries*.log"))]
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in paths)

    def credentials(self) -> dict[str, str]:
        stored: dict[str, str] = json.loads((self.home / "credentials.json").read_text(encoding="utf-8"))
        return stored

    def processes(self) -> dict[str, psutil.Process]:
        """The launcher's services by name, and ``worker`` and ``engine``: the first worker and its Prisma engine."""
        services = {"launcher": psutil.Process(self.launcher.pid)}
        for child in psutil.Process(self.launcher.pid).children():
            services.update(_named(child))
        return services

    def client(self, key: str | None = None) -> httpx.Client:
        """An HTTP client with a key; the platform administrator's where none is given."""
        token = key or self.credentials()["master_key"]
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"}, timeout=120)

    def new_key(self, rules: Mapping[str, Any] | None = None, **team: Any) -> str:
        """A key of a new tenant with these rules; ``team`` are further fields of LiteLLM's ``/team/new``."""
        metadata = {} if rules is None else {"inferspect": dict(rules)}
        with self.client() as admin:
            body = {"team_alias": f"tenant-{uuid.uuid4().hex[:8]}", "metadata": metadata, **team}
            created = admin.post("/team/new", json=body).raise_for_status().json()
            made = admin.post("/key/generate", json={"team_id": created["team_id"]}).raise_for_status().json()
        return str(made["key"])

    def query(self, statement: str, *parameters: Any) -> list[dict[str, Any]]:
        """Rows of a query on the gateway's database."""
        with psycopg.connect(self._database_address, row_factory=dict_row) as connection:
            return connection.execute(statement.encode(), parameters).fetchall()

    def events(self, count: int | None = None) -> list[dict[str, Any]]:
        """Events in the database, oldest first; waits until there are at least ``count``."""
        while True:
            rows = self.query("SELECT * FROM inferspect.events ORDER BY occurred_at")
            if count is None or len(rows) >= count:
                return rows
            time.sleep(0.2)

    def _find_database(self) -> str:
        if "DATABASE_URL" in self._environment:
            return self._environment["DATABASE_URL"]
        port = (self.home / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[3]
        return f"postgresql://gateway:{self.credentials()['postgres_password']}@127.0.0.1:{port}/inferspect"


def _named(child: psutil.Process) -> dict[str, psutil.Process]:
    """What a child of the launcher is, by its command line, with a gateway's worker and engine."""
    named: dict[str, psutil.Process] = {}
    with suppress(psutil.NoSuchProcess):
        command = " ".join(child.cmdline())
        for sign, name in (
            ("/postgres ", "PostgreSQL"),
            ("redis-server", "Redis"),
            ("testing.upstream", "demo model"),
            ("launcher.deliveries", "deliveries"),
        ):
            if sign in command:
                named[name] = child
        if "gateway_server" in command:
            named["gateway"] = child
            for worker in child.children():
                named["worker"] = worker
                named.update((ENGINE, engine) for engine in worker.children())
    return named
