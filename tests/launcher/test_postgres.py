from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import psycopg
import pytest

from inferspect.launcher.home import Home, LaunchError
from inferspect.launcher.postgres import EmbeddedPostgres
from inferspect.launcher.service import Service


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A data folder with a cluster, which the tests start and stop one after the other."""
    home = Home(tmp_path_factory.mktemp("home"))
    EmbeddedPostgres(home, "password").prepare()
    return home


@asynccontextmanager
async def running(home: Home) -> AsyncIterator[tuple[EmbeddedPostgres, Service]]:
    postgres = EmbeddedPostgres(home, "password")
    postgres.prepare()
    service = Service(postgres.program())
    await service.start()
    try:
        yield postgres, service
    finally:
        await service.stop(10)


async def test_data_survive_a_restart(home: Home) -> None:
    """The second start finds what the first left; the password guards it."""
    async with running(home) as (postgres, _):
        postgres.create_database()
        postgres.create_database()
        with psycopg.connect(postgres.url) as connection:
            connection.execute("CREATE TABLE kept (n int)")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(postgres.url.replace("password", "wrong"))
    async with running(home) as (postgres, _):
        with psycopg.connect(postgres.url) as connection:
            assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


@pytest.mark.parametrize("pid", ["own", "free", "garbage", "empty"])
async def test_a_stale_pid_file_does_not_stop_the_start(home: Home, pid: str) -> None:
    """Whether its process is gone, is another program by now, or the file is damaged."""
    free = next(number for number in range(30_000, 2**22) if not psutil.pid_exists(number))
    content = {"own": f"{os.getpid()}\n", "free": f"{free}\n", "garbage": "x\n", "empty": ""}[pid]
    pid_file = home.folder / "postgres" / "postmaster.pid"
    pid_file.write_text(content)
    try:
        async with running(home) as (postgres, _):
            with psycopg.connect(postgres.url.rpartition("/")[0] + "/postgres") as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        pid_file.unlink(missing_ok=True)


async def test_a_server_that_outlived_its_launcher_is_seen_off(home: Home) -> None:
    """Two servers on one cluster would destroy it."""
    async with running(home) as (_, first):
        old = first.pid
        assert old is not None
        if first._keeper is not None:  # noqa: SLF001  its launcher is gone, so nobody restarts it
            first._keeper.cancel()  # noqa: SLF001
        async with running(home) as (_, second):
            assert second.pid not in {None, old}
            assert not psutil.pid_exists(old) or psutil.Process(old).status() == psutil.STATUS_ZOMBIE


def test_a_cluster_of_another_version_is_refused(tmp_path: Path) -> None:
    """With what to do."""
    home = Home(tmp_path)
    (home.folder / "postgres").mkdir()
    (home.folder / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(LaunchError, match=r"is of PostgreSQL 9; this is 18\. Dump and restore"):
        EmbeddedPostgres(home, "p").prepare()


def test_an_interrupted_first_start_leaves_nothing_that_counts(tmp_path: Path) -> None:
    """What initdb had not finished is thrown away and made anew."""
    home = Home(tmp_path)
    (home.folder / "postgres.new").mkdir()
    (home.folder / "postgres.new" / "PG_VERSION").write_text("18\n")
    EmbeddedPostgres(home, "p").prepare()
    assert (home.folder / "postgres" / "global").is_dir()
    assert not (home.folder / "postgres.new").exists()
    assert not (home.run / "postgres-password").exists()
