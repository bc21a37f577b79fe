from __future__ import annotations

import asyncio
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from inferspect.context import RequestContext
from inferspect.events import recorder as module
from inferspect.events.event import GatewayEvent
from inferspect.events.recorder import EventRecorder
from inferspect.events.spool import Spool
from inferspect.settings import EventSettings


def context() -> RequestContext:
    served = RequestContext(str(uuid.uuid4()), "/v1/chat/completions", "POST", "192.0.2.1")
    served.status = 200
    served.end_user = "u" * 2000
    return served


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_EVERY", 0.01)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


async def test_each_record_is_a_newer_revision_of_one_event(spool: Spool) -> None:
    """The second record, with its cost, replaces the first."""
    recorder, served = EventRecorder(spool), context()
    await recorder.record(served, complete=False)
    served.outcome.cost = 0.5
    await recorder.record(served, complete=True)
    (kept,) = await spool.ripe(10, 0)
    assert (kept.id, kept.revision, kept.complete) == (served.request_id, 2, True)
    assert GatewayEvent.from_json(kept.body).cost == 0.5


async def test_a_spool_beyond_its_size_refuses_until_it_is_shipped(spool: Spool) -> None:
    """The refusal is a 503 that says what to do; when the database has taken the events, requests are served again."""
    recorder = EventRecorder(spool, EventSettings(max_spool_bytes=8_000_000))
    assert recorder.refusal() is None
    while recorder.refusal() is None:
        await asyncio.gather(*(recorder.record(context(), complete=True) for _ in range(100)))
    refusal = recorder.refusal()
    assert refusal is not None
    assert (refusal.status_code, refusal.code) == (503, "event_spool_unavailable")
    while batch := await spool.ripe(500, 0):
        await spool.remove(batch)
    await asyncio.sleep(0.02)
    assert recorder.refusal() is None


async def test_a_full_disk_refuses_requests_and_keeps_the_events_of_those_accepted(small_disk: Path) -> None:
    """What could not be written is kept and written once there is room, and only then is a request accepted again."""
    ballast = small_disk / "ballast"
    spool = Spool(small_disk / "spool")
    recorder = EventRecorder(spool)
    trying = asyncio.create_task(recorder.keep_trying())
    try:
        await recorder.record(context(), complete=True)
        with ballast.open("wb") as file:
            try:
                while True:
                    os.write(file.fileno(), b"x" * 4096)
            except OSError:
                pass
        accepted = 1
        while recorder.refusal() is None:
            await recorder.record(context(), complete=True)
            accepted += 1
        assert spool.failing is not None
        for _ in range(3):  # requests that were accepted before the disk was full
            await recorder.record(context(), complete=True)
            accepted += 1
        await asyncio.sleep(0.1)
        assert recorder.refusal() is not None
        ballast.unlink()
        while recorder.refusal() is not None:
            await asyncio.sleep(0.01)
        assert spool.failing is None
        assert await spool.depth() == accepted
    finally:
        trying.cancel()
        await asyncio.gather(trying, return_exceptions=True)
        spool.close()


async def test_the_newest_revision_of_an_unwritten_event_is_the_one_kept(small_disk: Path) -> None:
    """While the disk is full a second record of the same request takes the place of the first."""
    spool = Spool(small_disk / "spool")
    recorder = EventRecorder(spool)
    served = context()
    (small_disk / "ballast").write_bytes(b"")
    with (small_disk / "ballast").open("wb") as file:
        try:
            while True:
                os.write(file.fileno(), b"x" * 4096)
        except OSError:
            pass
    while recorder.refusal() is None:
        await recorder.record(context(), complete=True)
    await recorder.record(served, complete=False)
    served.outcome.cost = 1.5
    await recorder.record(served, complete=True)
    (small_disk / "ballast").unlink()
    trying = asyncio.create_task(recorder.keep_trying())
    while recorder.refusal() is not None:
        await asyncio.sleep(0.01)
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)
    kept = {spooled.id: spooled for spooled in await spool.ripe(1000, 0)}[served.request_id]
    assert (kept.revision, GatewayEvent.from_json(kept.body).cost) == (2, 1.5)
    spool.close()
