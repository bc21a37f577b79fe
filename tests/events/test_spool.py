from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from structlog.testing import capture_logs

from inferspect.events import spool as spool_module
from inferspect.events import spool_table
from inferspect.events.spool import Spool, SpooledEvent, SpoolError, open_spool
from inferspect.events.spool_files import lock_path, orphans
from tests.resilience.disk import SmallDisk

WRITER = """
import asyncio, sys, time
from pathlib import Path
from inferspect.events.spool import Spool, SpooledEvent

async def main():
    spool = Spool(Path(sys.argv[1]))
    number = 0
    while True:
        await asyncio.gather(*(
            spool.write(SpooledEvent(f"{number}-{i}", 1, True, time.time(), b"{}")) for i in range(5)
        ))
        print(number, flush=True)
        number += 1

asyncio.run(main())
"""


def event(name: str, revision: int = 1, *, complete: bool = True, at: float = 1.0, body: bytes = b"{}") -> SpooledEvent:
    return SpooledEvent(name, revision, complete, at, body)


def with_content(name: str, revision: int = 1, *, at: float = 1.0, content: bytes) -> SpooledEvent:
    return replace(event(name, revision, at=at), content=content)


async def names(spool: Spool, settled_before: float = 0.0) -> list[str]:
    return [spooled.id for spooled in await spool.ripe(1000, settled_before)]


async def test_what_was_written_comes_back_oldest_first(spool: Spool) -> None:
    """Age is the time given, not the order of writing."""
    await spool.write(event("b", at=2, body=b"second"))
    await spool.write(event("a", at=1, body=b"first"))
    assert await spool.ripe(10, 0) == [event("a", at=1, body=b"first"), event("b", at=2, body=b"second")]
    assert await names(spool) == ["a", "b"]
    assert [e.id for e in await spool.ripe(1, 0)] == ["a"]
    assert await spool.depth() == 2


async def test_an_incomplete_event_waits_until_it_is_settled(spool: Spool) -> None:
    """It is ripe when it is complete, or was written before the given time."""
    await spool.write(event("a", complete=False, at=10))
    assert await names(spool, 10) == []
    assert await names(spool, 10.1) == ["a"]
    await spool.write(event("a", 2, complete=True, at=11))
    assert await names(spool, 0) == ["a"]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
async def test_the_newest_revision_stays_in_whatever_order_they_come(spool: Spool, order: tuple[int, int]) -> None:
    """A late copy never replaces a newer one."""
    for revision in order:
        await spool.write(event("a", revision, body=str(revision).encode()))
    (kept,) = await spool.ripe(10, 0)
    assert (kept.revision, kept.body) == (2, b"2")


async def test_a_revision_written_during_shipment_is_not_removed(spool: Spool) -> None:
    """Only what was shipped is forgotten."""
    await spool.write(event("a", 1))
    await spool.write(event("b", 1))
    shipped = await spool.ripe(10, 0)
    await spool.write(event("a", 2))
    await spool.remove(shipped)
    assert [(e.id, e.revision) for e in await spool.ripe(10, 0)] == [("a", 2)]


async def test_many_writers_at_once_are_all_kept(spool: Spool) -> None:
    """Events that wait together share a transaction, and each is there when its write returns."""
    await asyncio.gather(*(spool.write(event(str(n), at=n)) for n in range(1000)))
    assert await names(spool) == [str(n) for n in range(1000)]


async def test_a_cancelled_write_leaves_the_spool_working(spool: Spool) -> None:
    """A request that is cancelled while it writes disturbs nobody else."""
    writing = asyncio.create_task(spool.write(event("a")))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    await spool.write(event("b"))
    assert "b" in await names(spool)


async def test_a_wrong_event_fails_alone_and_later_writes_succeed(spool: Spool) -> None:
    """The spool's thread survives whatever it is given; nobody waits for ever."""
    with pytest.raises(SpoolError):
        await spool.write(event("a", 2**70))
    await spool.write(event("b"))
    assert await names(spool) == ["b"]


async def test_the_event_loop_does_not_wait_for_the_disk(spool: Spool, folder: Path) -> None:
    """While another process holds the database, requests that need no spool go on."""
    holder = sqlite3.connect(spool.path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    writing = asyncio.create_task(spool.write(event("a")))
    turns = 0
    for _ in range(50):
        await asyncio.sleep(0.001)
        turns += 1
    assert not writing.done()
    holder.execute("ROLLBACK")
    holder.close()
    await writing
    assert turns == 50


async def test_nothing_goes_before_whoever_writes_a_small_event(spool: Spool) -> None:
    """What else is ready, such as LiteLLM's own bookkeeping, waits until the response has left; a long one waits."""
    loop = asyncio.get_running_loop()
    passed: list[str] = []
    loop.call_soon(passed.append, "small")
    await spool.write(event("a"))
    assert passed == []
    loop.call_soon(passed.append, "large")
    await spool.write(event("b", body=b"x" * 1_000_000))
    assert passed == ["small", "large"]
    assert await names(spool) == ["a", "b"]


async def test_events_that_nobody_ships_do_not_make_the_log_grow(spool: Spool) -> None:
    """As while the database is away: the write-ahead log goes into the file now and then."""
    log = spool.path.with_name(spool.path.name + "-wal")
    sizes = []
    for _ in range(8):
        for number in range(spool_module.CHECKPOINT_AFTER):
            await spool.write(event(f"{number}", revision=len(sizes) + 1, body=b"x" * 5000))
        await spool.depth()  # comes after what the thread was told before
        sizes.append(log.stat().st_size)
    assert sizes[-1] < 2 * sizes[0]
    assert spool.size() < 3 * spool_module.CHECKPOINT_AFTER * 5000


async def test_a_spool_gives_room_back_once_its_events_are_shipped(spool: Spool) -> None:
    """The size from which on requests are refused is what waits, not what once waited."""
    for start in range(0, 2000, 500):
        await asyncio.gather(*(spool.write(event(str(n), body=b"x" * 2000)) for n in range(start, start + 500)))
    full, on_disk = spool.size(), spool.path.stat().st_size
    assert full > 4_000_000
    while batch := await spool.ripe(500, 0):
        await spool.remove(batch)
    assert spool.size() < full / 10
    assert spool.path.stat().st_size < on_disk / 2
    await spool.write(event("after"))
    assert await names(spool) == ["after"]


async def test_no_write_waits_for_who_reads_when_room_is_given_back(
    folder: Path, open_spool: Callable[..., Spool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks into the spool for long keeps its log from being cut, and nothing else."""
    monkeypatch.setattr(spool_table, "PATIENCE", 2**30)
    spool = open_spool()
    await asyncio.gather(*(spool.write(event(str(n), at=n, body=b"x" * 2000)) for n in range(1000)))
    reader = sqlite3.connect(spool.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM events").fetchone()
    await spool.remove(await spool.ripe(999, 0))
    await spool.write(event("after", at=1000))
    assert await names(spool) == ["999", "after"]
    reader.close()


async def test_no_more_contents_are_dropped_than_need_be(spool: Spool) -> None:
    """The oldest go, in bytes, however small; events stay, and the size follows."""
    await asyncio.gather(*(spool.write(with_content(str(n), at=n, content=b"c" * 300)) for n in range(3000)))
    before = spool.size()
    assert await spool.drop_contents(90_000) == 300
    kept = await spool.ripe(3000, 0)
    assert [spooled.content is None for spooled in kept] == [True] * 300 + [False] * 2700
    assert before - spool.size() > 45_000
    assert await spool.drop_contents(10**9) == 2700
    assert await spool.drop_contents(1) == 0
    assert await spool.depth() == 3000


@pytest.mark.parametrize("revisions", [(1, 2), (2, 1)])
async def test_a_content_stays_whichever_revision_brought_it(spool: Spool, revisions: tuple[int, int]) -> None:
    """It is taken out of the request once; the other revision has none, and may be the newer or the older one."""
    first, second = revisions
    await spool.write(with_content("a", first, content=b"kept"))
    await spool.write(event("a", second))
    assert [(one.revision, one.content) for one in await spool.ripe(10, 0)] == [(2, b"kept")]


async def test_of_two_contents_the_newest_revision_has_its_own(spool: Spool) -> None:
    """As where the answer became known after the question."""
    for revision, content in ((2, b"first"), (3, b"newest"), (1, b"late")):
        await spool.write(with_content("a", revision, content=content))
    assert [(one.revision, one.content) for one in await spool.ripe(10, 0)] == [(3, b"newest")]


async def test_a_content_that_came_late_is_shipped(spool: Spool) -> None:
    """The event that was read without it is not removed."""
    await spool.write(event("a", 2))
    shipped = await spool.ripe(10, 0)
    await spool.write(with_content("a", 1, content=b"late"))
    await spool.remove(shipped)
    shipped = await spool.ripe(10, 0)
    assert [(one.revision, one.content) for one in shipped] == [(2, b"late")]
    await spool.remove(shipped)
    assert await spool.depth() == 0


async def test_a_living_spool_is_no_orphan(spool: Spool, folder: Path) -> None:
    """Neither to others nor to its own process; and it cannot be opened twice."""
    assert list(orphans(folder)) == []
    with pytest.raises(SpoolError, match="cannot be opened"):
        Spool(folder, spool.path)


async def test_a_closed_spool_is_an_orphan_until_it_is_deleted(folder: Path) -> None:
    """A worker that ended in order leaves its events to the next; an emptied spool leaves no file."""
    first = Spool(folder)
    await first.write(event("a"))
    first.close()
    assert list(orphans(folder)) == [first.path]
    adopted = Spool(folder, first.path)
    assert await names(adopted) == ["a"]
    assert list(orphans(folder)) == []
    adopted.close(delete=True)
    assert list(folder.iterdir()) == []


async def test_a_file_that_is_no_spool_can_be_tried_again(folder: Path) -> None:
    """A failure to open lets go of the lock, so that whoever repairs the file can have it adopted."""
    folder.mkdir()
    path = folder / "broken.spool"
    path.write_bytes(b"this is no database" * 100)
    for _ in range(2):
        with pytest.raises(SpoolError, match="not a database"):
            Spool(folder, path)
    assert list(orphans(folder)) == [path]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """The worker does not start without a place for its events."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="cannot be opened"):
        Spool(tmp_path / "file" / "spool")


async def test_a_worker_that_starts_on_a_full_disk_waits_for_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves no other file behind for each time that it tried."""
    monkeypatch.setattr(spool_module, "TRY_EVERY", 0.01)
    disk = SmallDisk(tmp_path / "disk")
    disk.mount("16m")
    folder = disk.folder / "spool"
    folder.mkdir()
    try:
        disk.fill()
        opening = asyncio.create_task(open_spool(folder))
        with capture_logs() as logs:
            while len(logs) < 2:
                await asyncio.sleep(0.01)
        disk.make_room()
        opened = await opening
        await opened.write(event("a"))
        opened.close(delete=True)
        assert list(folder.iterdir()) == []
    finally:
        disk.unmount()


async def test_a_worker_whose_spool_cannot_be_made_for_another_reason_does_not_wait(tmp_path: Path) -> None:
    """Somebody has to correct it, so the start is refused in words."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SpoolError, match="cannot be opened"):
        await open_spool(tmp_path / "file" / "spool")


def test_only_the_owner_reads_a_spool(folder: Path) -> None:
    """Events hold names of tenants and users."""
    spool = Spool(folder)
    try:
        assert folder.stat().st_mode & 0o077 == 0
        assert lock_path(spool.path).stat().st_mode & 0o077 == 0
    finally:
        spool.close()


async def test_a_killed_writer_loses_nothing_it_was_told_is_written(folder: Path) -> None:
    """After SIGKILL each acknowledged event is in the file, which is an orphan at once and can be adopted."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    acknowledged = -1
    while acknowledged < 200:
        acknowledged = int(writer.stdout.readline())
        assert list(orphans(folder)) == []
    writer.send_signal(signal.SIGKILL)
    last = [int(line) for line in writer.stdout]
    writer.wait()
    acknowledged = max([acknowledged, *last])
    (path,) = orphans(folder)
    adopted = Spool(folder, path)
    found = {spooled.id for spooled in await adopted.ripe(100_000, time.time())}
    adopted.close(delete=True)
    assert found >= {f"{number}-{i}" for number in range(acknowledged + 1) for i in range(5)}


async def test_of_two_adopters_one_has_it(folder: Path, open_spool: Callable[..., Spool]) -> None:
    """The lock decides, so no event is shipped by two workers at once."""
    first = Spool(folder)
    first.close()
    open_spool(first.path)
    with pytest.raises(SpoolError):
        Spool(folder, first.path)


def test_a_child_process_does_not_keep_the_spool_alive(folder: Path) -> None:
    """The lock is not inherited by the engine that a worker starts, or an orphan would never be seen."""
    spool = Spool(folder)
    child = subprocess.Popen(["sleep", "600"])
    try:
        spool.close()
        assert list(orphans(folder)) == [spool.path]
    finally:
        child.kill()
        child.wait()


class SpoolMachine(RuleBasedStateMachine):
    """Any sequence of writes and removals leaves what a dict would."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="spool-model-"))
        self.loop = asyncio.new_event_loop()
        self.spool = Spool(self.folder)
        self.model: dict[str, SpooledEvent] = {}
        self.shipping: list[SpooledEvent] = []

    @rule(name=st.sampled_from("abcd"), revision=st.integers(1, 5), complete=st.booleans(), at=st.integers(0, 9))
    def write(self, name: str, revision: int, *, complete: bool, at: int) -> None:
        written = event(name, revision, complete=complete, at=at, body=f"{name}{revision}".encode())
        self.loop.run_until_complete(self.spool.write(written))
        known = self.model.get(name)
        if known is None:
            self.model[name] = written
        elif revision > known.revision:
            self.model[name] = SpooledEvent(name, revision, complete, written.written_at, written.body)

    @rule(settled_before=st.integers(0, 10), limit=st.integers(1, 4))
    def look(self, settled_before: int, limit: int) -> None:
        self.shipping = self.loop.run_until_complete(self.spool.ripe(limit, settled_before))
        ripe = [e for e in self.model.values() if e.complete or e.written_at < settled_before]
        assert [e.written_at for e in self.shipping] == sorted(e.written_at for e in ripe)[:limit]
        assert all(e in ripe for e in self.shipping)

    @precondition(lambda self: self.shipping)
    @rule()
    def remove(self) -> None:
        self.loop.run_until_complete(self.spool.remove(self.shipping))
        for shipped in self.shipping:
            if shipped.id in self.model and self.model[shipped.id].revision == shipped.revision:
                del self.model[shipped.id]
        self.shipping = []

    @rule()
    def reopen(self) -> None:
        self.spool.close()
        self.spool = Spool(self.folder, self.spool.path)

    @rule()
    def count(self) -> None:
        assert self.loop.run_until_complete(self.spool.depth()) == len(self.model)

    def teardown(self) -> None:
        self.spool.close(delete=True)
        self.folder.rmdir()
        self.loop.close()


TestSpoolMachine = SpoolMachine.TestCase
TestSpoolMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
