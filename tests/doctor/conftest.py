"""A real PostgreSQL and a real Redis, started as the launcher starts them."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inferspect.doctor import Examination
from inferspect.launcher.home import Home
from inferspect.launcher.lifeline import Preparation
from inferspect.launcher.postgres import EmbeddedPostgres
from inferspect.launcher.redis import EmbeddedRedis
from inferspect.launcher.service import Program

ROOT = Path(__file__).parents[2]
LAUNCH_VARIABLES = ("HOST", "PORT", "DATABASE_URL", "REDIS_URL", "LITELLM_MASTER_KEY")


@pytest.fixture(autouse=True)
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder of the test's own, and the repository's configuration."""
    for name in (*LAUNCH_VARIABLES, *(name for name in os.environ if name.startswith("INFERSPECT_"))):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("INFERSPECT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("INFERSPECT_CONFIG", str(ROOT / "litellm_config.yaml"))


@pytest.fixture
def patient() -> Examination:
    """An examination made after the test has set its variables: settings are read when first asked for."""
    return Examination()


@contextmanager
def running(program: Program) -> Iterator[None]:
    program.before_start()
    with subprocess.Popen(
        program.command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=Preparation(program.death_signal, unprivileged=program.unprivileged),  # noqa: PLW1509  no thread yet
    ) as process:
        asyncio.run(_ready(program, process))
        yield
        process.send_signal(program.stop_signal)


async def _ready(program: Program, process: subprocess.Popen[bytes]) -> None:
    while not await program.is_ready():
        assert process.poll() is None, f"{program.name} ended with {process.returncode}"
        await asyncio.sleep(0.05)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    embedded = EmbeddedPostgres(Home(tmp_path_factory.mktemp("postgres")), "hidden-password")
    embedded.prepare()
    with running(embedded.program()):
        embedded.create_database()
        yield embedded.url


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    embedded = EmbeddedRedis(Home(tmp_path_factory.mktemp("redis")), "hidden-password")
    with running(embedded.program()):
        yield embedded.url
