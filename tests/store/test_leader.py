from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from structlog.testing import capture_logs

from inferspect.store import leader as module
from inferspect.store.address import driver_url
from inferspect.store.leader import lead

OTHER_PROCESS = """
import asyncio, sys
from sqlalchemy.ext.asyncio import create_async_engine
from inferspect.store.address import driver_url
from inferspect.store.leader import lead

async def work():
    print("leads", flush=True)
    await asyncio.Event().wait()

asyncio.run(lead(create_async_engine(driver_url(sys.argv[1])), "w", work))
"""


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(driver_url(database_url), pool_pre_ping=True)
    yield made
    await made.dispose()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRY_EVERY", 0.05)
    monkeypatch.setattr(module, "CHECK_EVERY", 0.05)


class Leaders:
    """Who does the work now, and a queue of all who ever began."""

    def __init__(self) -> None:
        self.now: set[str] = set()
        self.began: asyncio.Queue[str] = asyncio.Queue()

    def work_of(self, name: str) -> Callable[[], Coroutine[Any, Any, None]]:
        async def work() -> None:
            self.now.add(name)
            self.began.put_nowait(name)
            try:
                await asyncio.Event().wait()
            finally:
                self.now.remove(name)

        return work


async def cancelled(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_of_many_leads_and_another_takes_over(engine: AsyncEngine) -> None:
    """While one does the work nobody else does; when it stops, another begins."""
    leaders = Leaders()
    candidates = {name: asyncio.create_task(lead(engine, "w", leaders.work_of(name))) for name in "abcd"}
    while candidates:
        first = await leaders.began.get()
        await asyncio.sleep(0.2)  # several attempts of the others
        assert leaders.now == {first}
        await cancelled(candidates.pop(first))
    assert leaders.now == set()
    assert leaders.began.empty()


async def test_works_of_different_names_have_different_leaders(engine: AsyncEngine) -> None:
    """One process may lead in one, another in the other."""
    leaders = Leaders()
    tasks = [asyncio.create_task(lead(engine, name, leaders.work_of(name))) for name in ("alerts", "retention")]
    assert {await leaders.began.get(), await leaders.began.get()} == {"alerts", "retention"}
    await cancelled(*tasks)


async def test_a_killed_leader_is_replaced(engine: AsyncEngine, database_url: str) -> None:
    """The lock goes with the process, so nobody has to take it away."""
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER_PROCESS, database_url, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    while (line := await other.stdout.readline()) and not line.startswith(b"leads"):
        pass
    leaders = Leaders()
    waiting = asyncio.create_task(lead(engine, "w", leaders.work_of("here")))
    await asyncio.sleep(0.2)
    assert leaders.now == set()
    os.kill(other.pid, signal.SIGKILL)
    await other.wait()
    assert await leaders.began.get() == "here"
    await cancelled(waiting)


async def test_who_loses_the_connection_stops_and_tries_again(engine: AsyncEngine, database_url: str) -> None:
    """Without its lock it must not go on: another process may have it. Each change is logged once."""
    leaders = Leaders()
    with capture_logs() as logs:
        task = asyncio.create_task(lead(engine, "w", leaders.work_of("here")))
        await leaders.began.get()
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        await leaders.began.get()
        await cancelled(task)
    assert [line["event"] for line in logs if "leads" in line["event"]] == [
        "this process leads",
        "this process leads no longer",
        "this process leads",
    ]


async def test_an_outage_of_the_database_is_outlived(database_url: str, engine: AsyncEngine) -> None:
    """It is logged once, however long it lasts."""
    name = database_url.rpartition("/")[2]
    server = f"{database_url.rpartition('/')[0]}/postgres"
    leaders = Leaders()
    with psycopg.connect(server, autocommit=True) as connection, capture_logs() as logs:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        task = asyncio.create_task(lead(engine, "w", leaders.work_of("here")))
        while not logs:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.4)  # several attempts more
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())
        await leaders.began.get()
        await cancelled(task)
    assert [line["event"] for line in logs] == ["no leader can be chosen for now", "this process leads"]


@pytest.mark.parametrize("fails", [True, False])
async def test_work_that_ends_is_done_again(engine: AsyncEngine, fails: bool) -> None:
    """An error in it is reported and does not end the lead for good."""
    runs: asyncio.Queue[None] = asyncio.Queue()

    async def work() -> None:
        runs.put_nowait(None)
        if fails:
            raise LookupError("mistake")

    with capture_logs() as logs:
        task = asyncio.create_task(lead(engine, "w", work))
        await runs.get()
        await runs.get()
        await cancelled(task)
    assert ("the work of the leader failed" in [line["event"] for line in logs]) is fails
