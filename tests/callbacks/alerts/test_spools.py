"""What is told of spools, so that an alert knows of events that wait."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from callbacks.alerts.spools import SpoolStatus, SpoolTeller, status_of
from inferspect.events import spool_table
from inferspect.events.spool import Spool
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
        {"worker_id": "busy", "spool_depth": 2, "age": pytest.approx(90, abs=3)},
        {"worker_id": "idle", "spool_depth": 0, "age": 0},
    ]
    busy.unlink()
    idle.unlink()
    await teller.tell()
    assert await rows_of(engine, query) == []


async def test_what_a_worker_keeps_on_purpose_has_no_age(tmp_path: Path) -> None:
    """A request in progress, a cost that may still come; where the worker has ended nothing may."""
    spool = Spool(tmp_path)
    long, young, late = (
        SpooledEvent(name, 1, False, time.time() - age, f'{{"result": "{result}"}}'.encode())
        for name, result, age in (("a", "unknown", 600), ("b", "success", 5), ("c", "success", 60))
    )
    for kept in (long, young):
        await spool.write(kept)
    assert status_of(spool.path, 15) == SpoolStatus(spool.path.stem, 2, 0.0)
    await spool.write(late)
    assert status_of(spool.path, 15).oldest_seconds == pytest.approx(60, abs=3)
    spool.close()
    assert status_of(spool.path, 15).oldest_seconds == pytest.approx(600, abs=3)


async def test_a_request_that_took_long_is_not_late_when_it_ends(tmp_path: Path) -> None:
    """Its age is counted from its end."""
    spool = Spool(tmp_path)
    intent = SpooledEvent("a", 1, False, time.time() - 600, b'{"result": "unknown"}')
    await spool.write(intent)
    await spool.write(replace(intent, revision=2, complete=True, written_at=time.time()))
    assert status_of(spool.path, 15).oldest_seconds < 3
    spool.close()


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
    with pytest.raises(sqlite3.Error):
        status_of(tmp_path / "bad.spool", 15)
