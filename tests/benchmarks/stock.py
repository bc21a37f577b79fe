"""Stock LiteLLM beside a running gateway: the same configuration without hooks, by LiteLLM's own command."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sysconfig
import time
from pathlib import Path
from typing import Any, Self

import httpx
import psutil
import psycopg
import yaml

from inferspect.launcher.gateway_program import gateway_environment
from inferspect.launcher.home import Home
from inferspect.launcher.ports import free_port
from inferspect.settings import LaunchSettings
from inferspect.testing.gateway import GatewayProcess

DATABASE = "stock_litellm"


class StockLitellm:
    """`litellm --config …` with one worker, in an own database of the gateway's PostgreSQL and an own one of its Redis.

    It gets the environment that the gateway's processes get, without the start-up hook that makes it a gateway.

    Args:
        more: further keys of its configuration, such as ``guardrails``.
    """

    def __init__(
        self,
        gateway: GatewayProcess,
        folder: Path,
        config: Path,
        variables: dict[str, str],
        more: dict[str, Any] | None = None,
    ) -> None:
        self._output = folder / "stock.log"
        self._config = folder / "stock_config.yaml"
        self._config.write_text(yaml.safe_dump(without_hooks(config) | (more or {})), encoding="utf-8")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        home = Home(gateway.home)
        credentials = home.credentials()
        postgres_port = (gateway.home / "postgres" / "postmaster.pid").read_text(encoding="utf-8").splitlines()[3]
        server = f"postgresql://gateway:{credentials.postgres_password}@127.0.0.1:{postgres_port}"
        redis_port = (home.run / "redis.conf").read_text(encoding="utf-8").split("port ")[1].split()[0]
        redis = f"redis://:{credentials.redis_password}@127.0.0.1:{redis_port}/1"
        with psycopg.connect(f"{server}/inferspect", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}".encode())
        environment = gateway_environment(LaunchSettings(), home, credentials, f"{server}/{DATABASE}", redis)
        del environment["LITELLM_WORKER_STARTUP_HOOKS"]
        self.master_key = environment["LITELLM_MASTER_KEY"]
        # The gateway writes no line for each request either.
        self._environment = {**environment, "LITELLM_LOG": "WARNING", **variables}
        self.process: psutil.Popen | None = None

    def start(self) -> float:
        """Start, wait until it is ready, and return the seconds that took."""
        started = time.monotonic()
        with self._output.open("wb") as output:
            command = [str(Path(sysconfig.get_path("scripts")) / "litellm"), "--config", str(self._config)]
            self.process = psutil.Popen(
                [*command, "--host", "127.0.0.1", "--port", str(self.port), "--num_workers", "1"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        while not self._is_ready():
            if self.process.poll() is not None:
                raise RuntimeError(self._output.read_text(encoding="utf-8", errors="replace")[-3000:])
            time.sleep(0.1)
        return time.monotonic() - started

    def processes(self) -> dict[str, psutil.Process]:
        """What works for a request."""
        assert self.process is not None
        worker = psutil.Process(self.process.pid)
        children = worker.children(recursive=True)
        engine = next(child for child in children if "query-engine" in " ".join(child.cmdline()))
        return {"worker": worker, "Prisma engine": engine}

    def stop(self) -> None:
        """It leads a session of its own, so its engine goes with it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/readiness").status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False


def without_hooks(config: Path) -> dict[str, Any]:
    """The configuration as stock LiteLLM would have it."""
    content: dict[str, Any] = yaml.safe_load(config.read_text(encoding="utf-8"))
    content.pop("inferspect", None)
    content["litellm_settings"].pop("callbacks")
    return content


def tenant_key(url: str, master_key: str) -> str:
    """A key of a new team."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {master_key}"}, timeout=120) as admin:
        team = admin.post("/team/new", json={"team_alias": "benchmark"}).raise_for_status().json()["team_id"]
        return str(admin.post("/key/generate", json={"team_id": team}).raise_for_status().json()["key"])
