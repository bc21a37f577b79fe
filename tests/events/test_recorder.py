from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from inferspect.context import RequestContext
from inferspect.events import recorder as module
from inferspect.events.event import GatewayEvent
from inferspect.events.recorder import EventRecorder
from inferspect.events.spool import Spool
from inferspect.settings import EventSettings
from inferspect.tenancy import TenantDirectory
from tests.resilience.disk import SmallDisk


def context() -> RequestContext:
    served = RequestContext(str(uuid.uuid4()), "/v1/chat/completions", "POST", "192.0.2.1")
    served.status = 200
    served.end_user = "u" * 2000
    served.identifiers_checked = True
    return served


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECK_EVERY", 0.01)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "disk")
    disk.mount("64m")
    yield disk
    disk.unmount()


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


async def test_a_full_disk_refuses_requests_and_keeps_the_events_of_those_accepted(small_disk: SmallDisk) -> None:
    """They are written into the reserve while the disk is full; requests are accepted again once there is one again."""
    spool = Spool(small_disk.folder / "spool")
    recorder = EventRecorder(spool)
    trying = asyncio.create_task(recorder.keep_trying())
    try:
        accepted = [context() for _ in range(100)]
        await record_all(recorder, accepted, complete=False)
        small_disk.fill()
        while recorder.refusal() is None:
            accepted.append(context())
            assert await recorder.record(accepted[-1], complete=False)
        assert await record_all(recorder, accepted, complete=True)
        assert {event.complete for event in await spool.ripe(1000, 10**12)} == {True}
        assert await spool.depth() == len(accepted)
        await asyncio.sleep(0.1)
        assert recorder.refusal() is not None
        small_disk.make_room()
        while recorder.refusal() is not None:
            await asyncio.sleep(0.01)
    finally:
        await ended(trying, spool)


async def test_what_does_not_fit_the_reserve_waits_in_memory(small_disk: SmallDisk) -> None:
    """Whoever asks is told that it is not on disk; the newest revision is written once there is room."""
    spool, served = Spool(small_disk.folder / "spool"), context()
    recorder = await without_room(spool, small_disk)
    assert not await recorder.record(served, complete=False)
    served.outcome.cost = 1.5
    assert not await recorder.record(served, complete=True)
    small_disk.make_room()
    trying = asyncio.create_task(recorder.keep_trying())
    while recorder.refusal() is not None:
        await asyncio.sleep(0.01)
    kept = {spooled.id: spooled for spooled in await spool.ripe(100_000, 0)}[served.request_id]
    assert (kept.revision, GatewayEvent.from_json(kept.body).cost) == (2, 1.5)
    await ended(trying, spool)


async def test_a_content_that_did_not_fit_is_written_once_there_is_room(small_disk: SmallDisk) -> None:
    """Also where a later revision, without any, has been written or waits in its place."""
    spool, served = Spool(small_disk.folder / "spool"), with_content()
    recorder = await without_room(spool, small_disk)
    await recorder.record(served, complete=False)
    await recorder.record(served, complete=False)
    small_disk.make_room()
    await recorder.record(served, complete=True)
    (kept,) = [one for one in await spool.ripe(100_000, 0) if one.id == served.request_id]
    assert kept.revision == 3
    assert orjson.loads(kept.content or b"") == {"input": served.input, "output": served.output}
    spool.close()


async def test_an_event_is_written_without_a_content_that_is_too_large_for_the_room(small_disk: SmallDisk) -> None:
    """It outlives the process; the content follows when there is room."""
    spool, served = Spool(small_disk.folder / "spool"), with_content(input="x" * 12_000_000)
    recorder = EventRecorder(spool, EventSettings(max_content_bytes=100_000_000))
    small_disk.fill()
    assert await recorder.record(served, complete=True)
    assert [(one.revision, one.content) for one in await spool.ripe(10, 0)] == [(1, None)]
    small_disk.make_room()
    trying = asyncio.create_task(recorder.keep_trying())
    while recorder.refusal() is not None:
        await asyncio.sleep(0.01)
    (kept,) = await spool.ripe(10, 0)
    assert len(kept.content or b"") > 12_000_000
    await ended(trying, spool)


async def test_without_room_for_a_reserve_no_request_is_accepted(small_disk: SmallDisk) -> None:
    """As in a worker that starts while the disk is nearly full."""
    spool = Spool(small_disk.folder / "spool")
    small_disk.fill()
    recorder = EventRecorder(spool)
    assert recorder.refusal() is not None
    small_disk.make_room()
    trying = asyncio.create_task(recorder.keep_trying())
    while recorder.refusal() is not None:
        await asyncio.sleep(0.01)
    await ended(trying, spool)


async def record_all(recorder: EventRecorder, contexts: list[RequestContext], *, complete: bool) -> bool:
    return all(await asyncio.gather(*(recorder.record(one, complete=complete) for one in contexts)))


async def without_room(spool: Spool, disk: SmallDisk) -> EventRecorder:
    """A recorder that can write nothing any more: what its reserve gave free has been taken by others."""
    recorder = EventRecorder(spool)
    disk.fill()
    while recorder.refusal() is None:
        await recorder.record(context(), complete=True)
    disk.fill()
    while await recorder.record(context(), complete=True):
        pass
    return recorder


async def ended(trying: asyncio.Task[None], spool: Spool) -> None:
    trying.cancel()
    await asyncio.gather(trying, return_exceptions=True)
    spool.close()


def deep(levels: int) -> Any:
    inner: Any = []
    for _ in range(levels):
        inner = [inner]
    return inner


def with_content(rules: dict[str, Any] | None = None, **values: Any) -> RequestContext:
    served = context()
    served.tenant = TenantDirectory(rules or {}).find("t", "T", {})
    served.input = [{"role": "user", "content": "hello"}]
    served.output = [{"message": {"content": "hi"}}]
    for name, value in values.items():
        setattr(served, name, value)
    return served


async def content_of(spool: Spool, served: RequestContext) -> Any:
    await EventRecorder(spool).record(served, complete=True)
    (kept,) = await spool.ripe(10, 0)
    return kept.content and orjson.loads(kept.content)


async def test_what_was_asked_and_answered_is_kept_beside_the_event(spool: Spool) -> None:
    """The event holds the hash of what was asked, and no content."""
    served = with_content()
    content = await content_of(spool, served)
    assert content == {"input": served.input, "output": served.output}
    (kept,) = await spool.ripe(10, 0)
    digest = hashlib.sha256(orjson.dumps(served.input)).hexdigest()
    assert GatewayEvent.from_json(kept.body).content_hash == digest
    assert b"hello" not in kept.body


async def test_a_later_copy_of_the_event_does_not_lose_its_content(spool: Spool) -> None:
    """It is serialised once."""
    recorder, served = EventRecorder(spool), with_content()
    await recorder.record(served, complete=False)
    served.input = "changed"
    await recorder.record(served, complete=True)
    (kept,) = await spool.ripe(10, 0)
    assert orjson.loads(kept.content or b"")["input"] == [{"role": "user", "content": "hello"}]


@pytest.mark.parametrize(
    "served", [with_content({"observation": {"content": "none"}}), with_content(tenant=None)], ids=["rules", "nobody's"]
)
async def test_content_is_kept_only_where_rules_say_so(spool: Spool, served: RequestContext) -> None:
    """Not of a tenant that wants none, nor of one that nobody knows."""
    assert await content_of(spool, served) is None


async def test_of_a_long_content_the_beginning_is_kept(spool: Spool) -> None:
    """Its size is told; the whole stays within the limit."""
    limit = EventSettings().max_content_bytes
    content = await content_of(spool, with_content(input="é\n" * limit))
    assert content["input"]["truncated"] == 4 * limit + 2
    assert content["input"]["beginning"].startswith('"é\\né')
    assert len(orjson.dumps(content["input"])) <= limit


@pytest.mark.parametrize(
    "hostile",
    ["\ud800 alone", 2**70, {1: {"deep": object()}}, float("nan"), [b"bytes"], deep(5000)],
    ids=["surrogate", "integer", "object", "nan", "bytes", "deep"],
)
async def test_whatever_a_client_sends_can_be_kept(spool: Spool, hostile: Any) -> None:
    """What has no form in JSON never keeps an event from being recorded."""
    assert set(await content_of(spool, with_content(input=hostile))) == {"input", "output"}


async def test_contents_are_dropped_before_requests_are_refused(spool: Spool) -> None:
    """The oldest go first; the events stay."""
    recorder = EventRecorder(spool, EventSettings(max_spool_bytes=6_000_000, max_content_bytes=100_000))
    trying = asyncio.create_task(recorder.keep_trying())
    try:
        for _ in range(200):
            await recorder.record(with_content(input="x" * 50_000), complete=True)
            while spool.size() > 0.9 * 6_000_000:
                await asyncio.sleep(0.01)
            assert recorder.refusal() is None
    finally:
        trying.cancel()
    kept = await spool.ripe(1000, 0)
    assert len(kept) == 200
    with_it = [event.content is not None for event in kept]
    assert 0 < sum(with_it) < 200
    assert with_it == sorted(with_it)


async def test_who_listens_is_told_once_when_a_request_has_settled(spool: Spool) -> None:
    """Not at its beginning, and not again; a listener that fails hurts nobody."""
    told: list[GatewayEvent] = []

    def fail(_event: GatewayEvent) -> None:
        raise RuntimeError

    recorder = EventRecorder(spool, listeners=[fail, told.append])
    served = context()
    served.status = None
    await recorder.record(served, complete=False)
    served.status = 200
    await recorder.record(served, complete=False)
    assert told == []
    await recorder.record(served, complete=True)
    await recorder.record(served, complete=True)
    assert [event.revision for event in told] == [3]


async def test_an_event_whose_cost_never_comes_is_completed(spool: Spool) -> None:
    """After the time that it waits, and who listens is told once; a cost that comes later still is a newer revision."""
    told: list[GatewayEvent] = []
    recorder = EventRecorder(spool, EventSettings(settle_after=0.05), [told.append])
    trying = asyncio.create_task(recorder.keep_trying())
    served = context()
    await recorder.record(served, complete=False)
    while not told:
        await asyncio.sleep(0.01)
    trying.cancel()
    assert [(event.id, event.complete) for event in told] == [(served.request_id, True)]
    served.outcome.cost = 0.5
    await recorder.record(served, complete=True)
    (kept,) = await spool.ripe(10, 0)
    assert (kept.revision, kept.complete, GatewayEvent.from_json(kept.body).cost) == (3, True, 0.5)
    assert len(told) == 1


async def test_a_request_that_was_sent_to_a_provider_and_not_heard_of_is_unknown(spool: Spool) -> None:
    """That is what a crash in between leaves."""
    served = context()
    served.status = None
    await EventRecorder(spool).record(served, complete=False)
    (kept,) = await spool.ripe(10, 10**12)
    assert GatewayEvent.from_json(kept.body).result == "unknown"
