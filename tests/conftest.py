"""What tests of several folders share: a real PostgreSQL, and databases of their own in it."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
import signal
import subprocess
import time
import uuid
from collections.abc import AsyncIterator, Iterator

import hypothesis
import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

# LiteLLM asks for its price list when it is imported.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

from inferspect.launcher.home import Home
from inferspect.launcher.lifeline import Preparation
from inferspect.launcher.postgres import EmbeddedPostgres
from inferspect.launcher.proxies import no_proxy_to_here
from inferspect.logs import PrintedLines
from inferspect.store.engine import engine_of
from inferspect.store.migrate import migrate

# Not conftests of one folder, so that several share them.
pytest_plugins = ["tests.running_gateway", "tests.audit_log"]

# A caller's proxy is for what lies elsewhere. Only where there is one, as some tests show that none is asked.
if {name.lower() for name in os.environ} & {"http_proxy", "https_proxy", "all_proxy"}:
    os.environ.update(no_proxy_to_here(os.environ))

# OpenTelemetry starts a thread in every forked child while a processor of it has not been collected; a process with
# threads cannot have a user namespace of its own, without which PostgreSQL does not start for root.
os.register_at_fork(before=gc.collect)
hypothesis.settings.register_profile("without time limits", deadline=None)
hypothesis.settings.load_profile("without time limits")


def pytest_collection_finish() -> None:
    """Ten thousand tests are no garbage: looking for it among them takes longer than many a test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def not_serving_yet() -> Iterator[None]:
    """A process withholds others' words from its first request on; each test begins as one that has served none."""
    PrintedLines.serving = False
    yield
    PrintedLines.serving = False


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of the test session, which the kernel ends with the session, however that ends."""
    home = Home(tmp_path_factory.mktemp("postgres"))
    postgres = EmbeddedPostgres(home, secrets.token_urlsafe(12))
    postgres.prepare()
    program = postgres.program()
    with (home.logs / "postgres.log").open("wb") as log:
        process = subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=Preparation(signal.SIGINT, unprivileged=True),  # noqa: PLW1509  as the launcher does
        )
    try:
        while not asyncio.run(program.is_ready()):  # type: ignore[arg-type]
            assert process.poll() is None, (home.logs / "postgres.log").read_text(encoding="utf-8")
            time.sleep(0.05)
        postgres.create_database()
        yield postgres.url
    finally:
        process.send_signal(program.stop_signal)
        process.wait()


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """An empty database of the test's own."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        yield f"{postgres_url.rpartition('/')[0]}/{name}"
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def store_url(database_url: str) -> str:
    """A database with InferSpect's schema."""
    migrate(database_url)
    return database_url


@pytest.fixture
async def engine(store_url: str) -> AsyncIterator[AsyncEngine]:
    """Connections to it."""
    made = engine_of(store_url, pool_size=10)
    yield made
    await made.dispose()
