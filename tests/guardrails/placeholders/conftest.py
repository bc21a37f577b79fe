"""Keys of an installation, and a real Redis beside the PostgreSQL that all tests share."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator

import pytest

from guardrails.placeholders.keys import TenantKeys
from inferspect.launcher.home import Home
from inferspect.launcher.lifeline import Preparation
from inferspect.launcher.redis import EmbeddedRedis
from inferspect.launcher.service import Program


@pytest.fixture
def keys() -> TenantKeys:
    return TenantKeys("salt-of-the-tests")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Redis of the test session, which the kernel ends with the session, however that ends."""
    embedded = EmbeddedRedis(Home(tmp_path_factory.mktemp("redis")), "password")
    program = embedded.program()
    with subprocess.Popen(
        program.command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=Preparation(program.death_signal, unprivileged=program.unprivileged),  # noqa: PLW1509  no thread yet
    ) as process:
        asyncio.run(_ready(program, process))
        yield embedded.url
        process.send_signal(program.stop_signal)


async def _ready(program: Program, process: subprocess.Popen[bytes]) -> None:
    while not await program.is_ready():
        assert process.poll() is None, f"Redis ended with {process.returncode}"
        await asyncio.sleep(0.05)
