"""What is told of spools, so that an alert knows of events that wait."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from callbacks.alerts import spools as module
from callbacks.alerts.spools import SpoolTeller, place_of
from inferspect.events import spool_table
from inferspect.events.dead_letters import set_aside
from inferspect.events.spool_table import SpooledEvent
from tests.callbacks.alerts.conftest import rows_of


def spool_of(folder: Path, name: str, *ages: float) -> Path:
    path = folder / f"{name}.spool"
    database = spool_table.open_database(path)
    for number, age in enumerate(ages):
        spool_table.upsert(database, SpooledEvent(str(number), 1, True, time.time() - age, b"{}"))
    database.close()
    return path


async def test_what_waits_is_told_to_the_database(engine: AsyncEngine, tmp_path: Path) -> None:
    """Of all spools of the folder; one that is gone is not told of any more."""
    busy, idle = spool_of(tmp_path, "busy", 5, 90), spool_of(tmp_path, "idle")
    teller = SpoolTeller(engine, tmp_path, 15)
    await teller.tell()
    query = "SELECT worker_id, spool_depth, round(oldest_seconds) AS age FROM inferspect.worker_status ORDER BY 1"
    assert await rows_of(engine, query) == [
        {"worker_id": "busy", "spool_depth": 2, "age": pytest.approx(90, abs=45)},
        {"worker_id": "idle", "spool_depth": 0, "age": 0},
    ]
    busy.unlink()
    idle.unlink()
    await teller.tell()
    assert await rows_of(engine, query) == []


async def test_a_folder_is_the_same_on_another_host(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container that is made again has another name; what it told of before must not count beside it for a day."""
    monkeypatch.setattr(socket, "gethostname", lambda: "gateway-1")
    spool_of(tmp_path, "old", 90).rename(tmp_path / "before.spool")
    await SpoolTeller(engine, tmp_path, 15).tell()
    (tmp_path / "before.spool").unlink()
    spool_of(tmp_path, "new")
    monkeypatch.setattr(socket, "gethostname", lambda: "gateway-2")
    await SpoolTeller(engine, tmp_path, 15).tell()
    (row,) = await rows_of(engine, "SELECT * FROM inferspect.worker_status")
    assert (row["worker_id"], row["host"]) == ("new", f"gateway-2:{tmp_path}")


async def test_processes_that_begin_at_once_know_the_folder_by_one_id(tmp_path: Path) -> None:
    """And each folder has its own."""
    folder = tmp_path / "spool"
    ids = await asyncio.gather(*(asyncio.to_thread(place_of, folder) for _ in range(20)))
    assert len(set(ids)) == 1
    assert [path.name for path in folder.iterdir()] == ["place"]
    assert place_of(tmp_path) not in ids


async def test_what_was_shipped_at_the_end_is_told_at_the_end(
    engine: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would seem to wait on a machine that is gone."""
    for name in ("DRAINED_WITHIN", "LAST_WORDS"):
        monkeypatch.setattr(module, name, 60)
    path = spool_of(tmp_path, "busy", 90)
    told = asyncio.create_task(SpoolTeller(engine, tmp_path, 15).run())
    query = "SELECT spool_depth FROM inferspect.worker_status"
    while not await rows_of(engine, query):
        await asyncio.sleep(0.01)
    told.cancel()
    await asyncio.sleep(0.2)
    database = spool_table.open_database(path)
    database.execute("DELETE FROM events")
    database.close()
    with pytest.raises(asyncio.CancelledError):
        await told
    assert await rows_of(engine, query) == [{"spool_depth": 0}]


async def test_what_was_set_aside_is_told_with_each_spool(engine: AsyncEngine, tmp_path: Path) -> None:
    """So that a rule anywhere can see it."""
    spool_of(tmp_path, "busy", 5)
    for _ in range(2):
        set_aside(tmp_path, SpooledEvent("a", 1, True, 0.0, b"{}"), "DataError")
    await SpoolTeller(engine, tmp_path, 15).tell()
    assert [row["set_aside"] for row in await rows_of(engine, "SELECT * FROM inferspect.worker_status")] == [2]


async def test_another_machines_spools_stay(engine: AsyncEngine, tmp_path: Path) -> None:
    """For a day: its events still wait there."""
    async with engine.begin() as connection:
        for name, age in (("elsewhere", "23 hours"), ("forgotten", "25 hours")):
            await connection.execute(
                text(
                    "INSERT INTO inferspect.worker_status VALUES"
                    " (:name, 'far', 1, 1, clock_timestamp() - CAST(:age AS interval))"
                ),
                {"name": name, "age": age},
            )
    await SpoolTeller(engine, tmp_path, 15).tell()
    assert [row["worker_id"] for row in await rows_of(engine, "SELECT * FROM inferspect.worker_status")] == [
        "elsewhere"
    ]


async def test_a_spool_that_cannot_be_read_is_logged_once(engine: AsyncEngine, tmp_path: Path) -> None:
    """And the others are told of."""
    spool_of(tmp_path, "good", 1)
    (tmp_path / "bad.spool").write_bytes(b"this is no database at all, by any means" * 100)
    teller = SpoolTeller(engine, tmp_path, 15)
    with capture_logs() as logs:
        await teller.tell()
        await teller.tell()
    assert [line["spool"] for line in logs] == ["bad.spool"]
    assert len(await rows_of(engine, "SELECT * FROM inferspect.worker_status")) == 1
