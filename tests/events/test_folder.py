"""What is found in the folder of spools, whoever wrote it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from inferspect.events import spool_table
from inferspect.events.dead_letters import set_aside
from inferspect.events.folder import FolderStatus, look_into, status_of
from inferspect.events.spool import Spool
from inferspect.events.spool_table import SpooledEvent


async def test_what_a_worker_keeps_on_purpose_has_no_age(tmp_path: Path) -> None:
    """A request in progress, a cost that may still come; where the worker has ended nothing may."""
    spool = Spool(tmp_path)
    began = time.time()
    long, young, late = (
        SpooledEvent(name, 1, False, time.time() - age, f'{{"result": "{result}"}}'.encode())
        for name, result, age in (("a", "unknown", 600), ("b", "success", 5), ("c", "success", 60))
    )
    for kept in (long, young):
        await spool.write(kept)
    kept_back = status_of(spool.path, 15)
    assert (kept_back.worker_id, kept_back.depth, kept_back.oldest_seconds) == (spool.path.stem, 2, 0.0)
    await spool.write(late)
    assert 60 <= status_of(spool.path, 15).oldest_seconds <= 60 + time.time() - began
    spool.close()
    assert 600 <= status_of(spool.path, 15).oldest_seconds <= 600 + time.time() - began


async def test_a_request_that_took_long_is_not_late_when_it_ends(tmp_path: Path) -> None:
    """Its age is counted from its end."""
    spool = Spool(tmp_path)
    began = time.time()
    intent = SpooledEvent("a", 1, False, time.time() - 600, b'{"result": "unknown"}')
    await spool.write(intent)
    await spool.write(replace(intent, revision=2, complete=True, written_at=time.time()))
    assert status_of(spool.path, 15).oldest_seconds <= time.time() - began
    spool.close()


async def test_all_spools_of_the_folder_count(tmp_path: Path) -> None:
    """Also those whose worker has ended, which nobody ships while the database is away."""
    spool = Spool(tmp_path)
    began = time.time()
    await spool.write(SpooledEvent("a", 1, True, time.time() - 5, b"{}"))
    orphan = spool_table.open_database(tmp_path / "orphan.spool")
    spool_table.upsert(orphan, SpooledEvent("b", 1, True, time.time() - 90, b"{}"))
    orphan.close()
    found = look_into(tmp_path, 15)
    assert found.depth == 2
    assert 90 <= found.oldest_seconds <= 90 + time.time() - began
    assert found.bytes >= spool.size()
    spool.close()


def test_what_waits_for_a_person_is_counted(tmp_path: Path) -> None:
    """Set aside, damaged, or not readable at all."""
    assert look_into(tmp_path / "none", 15) == FolderStatus()
    for _ in range(3):
        set_aside(tmp_path, SpooledEvent("a", 1, True, 0.0, b"{}"), "DataError")
    (tmp_path / "a.spool.damaged").touch()
    (tmp_path / "bad.spool").write_bytes(b"this is no database at all, by any means" * 100)
    found = look_into(tmp_path, 15)
    assert (found.set_aside, found.damaged, list(found.unreadable)) == (3, ["a.spool.damaged"], ["bad.spool"])
