from __future__ import annotations

import asyncio
import sqlite3
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from structlog.testing import capture_logs

from inferspect.context import RequestContext
from inferspect.events import shipper as module
from inferspect.events.dead_letters import all_set_aside
from inferspect.events.delivery import Consumers
from inferspect.events.event import event_of
from inferspect.events.metrics import EVENTS_SHIPPED
from inferspect.events.recorder import EventRecorder
from inferspect.events.shipper import Shipper
from inferspect.events.spool import Spool, SpooledEvent
from inferspect.events.spool_files import orphans
from inferspect.settings import EventSettings
from inferspect.store.address import driver_url
from inferspect.store.events.writer import EventWriter
from tests.events.serving import Recording, deliveries

SETTINGS = EventSettings(ship_every=0.01, ship_batch=10, settle_after=0.5)


@pytest.fixture
async def engine(store_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(driver_url(store_url), pool_size=2)
    yield made
    await made.dispose()


def spooled(revision: int = 1, *, complete: bool = True, name: str | None = None, **values: Any) -> SpooledEvent:
    served = RequestContext(name or str(uuid.uuid4()), "/v1/chat/completions", "POST", "192.0.2.1")
    served.received_at = values.pop("received_at", served.received_at)
    served.status = 200
    for field, value in values.items():
        setattr(served, field, value)
    event = event_of(served, revision, complete=complete)
    return SpooledEvent(event.id, revision, complete, time.time(), event.to_json())


async def stored(engine: AsyncEngine) -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT * FROM inferspect.events ORDER BY occurred_at"))
        return [dict(row) for row in rows.mappings()]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    while not await condition():
        await asyncio.sleep(0.01)


async def test_events_move_from_the_spool_to_the_database(spool: Spool, engine: AsyncEngine) -> None:
    """More than one batch is shipped without a pause; nothing stays behind and nothing is there twice."""
    events = [spooled() for _ in range(35)]
    for event in events:
        await spool.write(event)
    running = asyncio.create_task(Shipper(spool, EventWriter(engine), SETTINGS).run())

    async def is_empty() -> bool:
        return await spool.depth() == 0

    await until(is_empty)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert {str(row["id"]) for row in await stored(engine)} == {event.id for event in events}


async def test_an_event_without_cost_is_shipped_when_it_has_waited(spool: Spool, engine: AsyncEngine) -> None:
    """It waits for settle_after; its cost, when it comes, replaces the row."""
    shipper = Shipper(spool, EventWriter(engine), SETTINGS)
    moment, name = datetime.now(UTC), str(uuid.uuid4())
    await spool.write(spooled(1, complete=False, name=name, received_at=moment))
    assert await shipper.ship(spool) == 0

    async def is_shipped() -> bool:
        return await shipper.ship(spool) == 1

    await until(is_shipped)
    assert [(row["revision"], row["complete"]) for row in await stored(engine)] == [(1, False)]
    await spool.write(spooled(2, name=name, received_at=moment))
    await shipper.ship(spool)
    assert [(row["revision"], row["complete"]) for row in await stored(engine)] == [(2, True)]


async def test_a_shipment_that_was_stored_but_not_removed_is_not_counted_twice(
    spool: Spool, engine: AsyncEngine
) -> None:
    """A worker that dies between the two ships again, and the row stays one."""
    event = spooled()
    await spool.write(event)
    shipper = Shipper(spool, EventWriter(engine), SETTINGS)
    await shipper.ship(spool)
    await spool.write(event)
    await shipper.ship(spool)
    assert len(await stored(engine)) == 1


async def test_the_spool_of_a_dead_worker_is_adopted_and_deleted(
    spool: Spool, folder: Path, engine: AsyncEngine
) -> None:
    """All of it, also what still waited for its cost, because nobody will bring that any more."""
    dead = Spool(folder)
    EventRecorder(dead)
    events = [spooled(complete=number % 2 == 0) for number in range(25)]
    for event in events:
        await dead.write(event)
    dead.close()
    running = asyncio.create_task(Shipper(spool, EventWriter(engine), SETTINGS).run())

    async def is_gone() -> bool:
        return not dead.path.exists()

    await until(is_gone)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(await stored(engine)) == 25
    assert sorted(path.suffix for path in folder.iterdir() if path.stem == dead.path.stem) == []


async def test_a_broken_orphan_is_reported_and_stops_nobody(spool: Spool, folder: Path, engine: AsyncEngine) -> None:
    """A file that is no spool is put away, named in the log, and the others are adopted."""
    (folder / "000.spool").write_bytes(b"no database" * 100)
    dead = Spool(folder)
    await dead.write(spooled())
    dead.close()
    shipper = Shipper(spool, EventWriter(engine), SETTINGS)
    with capture_logs() as logs:
        await shipper._adopt_orphans()  # noqa: SLF001  once, without the loop around it
    assert len(await stored(engine)) == 1
    assert [path.name for path in folder.glob("000*")] == ["000.spool.damaged"]
    assert [line["kept_as"] for line in logs if line["log_level"] == "error"] == ["000.spool.damaged"]


@pytest.mark.parametrize("table", ["events", "contents", "sqlite_autoindex_events_1", "events_by_age"])
async def test_what_can_be_read_of_a_damaged_spool_is_stored(
    spool: Spool, folder: Path, engine: AsyncEngine, table: str
) -> None:
    """One page is not what it was: the file is put away once the others are stored, and the next spool is adopted."""
    damaged, other = Spool(folder, folder / "000.spool"), Spool(folder, folder / "001.spool")
    events = [replace(spooled(parameters={"of": "no use" * 100}), content=b'{"input": "i"}') for _ in range(400)]
    await asyncio.gather(*(damaged.write(event) for event in events))
    whole = spooled()
    await other.write(whole)
    damaged.close()
    other.close()
    spoil(damaged.path, table)
    await Shipper(spool, EventWriter(engine), SETTINGS)._adopt_orphans()  # noqa: SLF001  once
    kept = {str(row["id"]) for row in await stored(engine)}
    assert whole.id in kept
    assert len(kept) > 390
    assert kept <= {event.id for event in (*events, whole)}
    assert list(orphans(folder)) == []
    assert [path.name for path in folder.glob("00*")] == ["000.spool.damaged"]


def spoil(path: Path, table: str) -> None:
    """Overwrite one page, of those that lead nowhere further, of a table or index of a database."""
    content, database = bytearray(path.read_bytes()), sqlite3.connect(path)
    (root,) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    size = database.execute("PRAGMA page_size").fetchone()[0]
    database.close()
    first_child = content[(root - 1) * size + 12 : (root - 1) * size + 14]
    cell = (root - 1) * size + int.from_bytes(first_child, "big")
    leaf = int.from_bytes(content[cell : cell + 4], "big")
    content[(leaf - 1) * size : leaf * size] = b"\xff" * size
    path.write_bytes(content)


async def test_an_event_of_a_newer_version_stays_in_its_spool(spool: Spool, folder: Path, engine: AsyncEngine) -> None:
    """For a newer program to adopt; an older one ships the others, and does not try it again."""
    newer, event = spooled(), spooled()
    dead = Spool(folder)
    await dead.write(replace(newer, body=newer.body.replace(b'"version":1', b'"version":999')))
    await dead.write(event)
    dead.close()
    shipper, shipped = Shipper(spool, EventWriter(engine), SETTINGS), EVENTS_SHIPPED
    before = shipped._value.get()  # noqa: SLF001  the client has no other way
    with capture_logs() as logs:
        for _ in range(2):
            await shipper._adopt_orphans()  # noqa: SLF001  as every few seconds
    assert [str(row["id"]) for row in await stored(engine)] == [event.id]
    assert shipped._value.get() - before == 1  # noqa: SLF001  as above
    assert [line["event_id"] for line in logs if line["log_level"] == "warning"] == [newer.id]
    assert not (folder / "dead-letters.jsonl").exists()
    (path,) = orphans(folder)
    left = Spool(folder, path)
    assert [one.id for one in await left.ripe(10, 0)] == [newer.id]
    left.close()


async def test_only_what_has_left_the_spool_counts_as_shipped(spool: Spool, engine: AsyncEngine) -> None:
    """Once: neither what is still in progress, nor what was set aside."""
    shipper, shipped = Shipper(spool, EventWriter(engine), SETTINGS), EVENTS_SHIPPED
    before = shipped._value.get()  # noqa: SLF001  the client has no other way
    name, moment = str(uuid.uuid4()), datetime.now(UTC)
    await spool.write(in_progress(name, moment))
    await spool.write(SpooledEvent("poison", 1, complete=True, written_at=0.0, body=b"[]"))
    await shipper.drain(spool)
    assert shipped._value.get() == before  # noqa: SLF001  as above
    await spool.write(spooled(2, name=name, received_at=moment))
    await shipper.drain(spool)
    assert shipped._value.get() == before + 1  # noqa: SLF001  as above


async def test_an_event_is_set_aside_once_though_the_database_goes_away_meanwhile(
    spool: Spool, engine: AsyncEngine
) -> None:
    """What was set aside of a batch has left the spool before the rest of the batch fails."""
    away = create_async_engine(driver_url("postgresql://u:p@127.0.0.1:1/d"))
    await spool.write(SpooledEvent("poison", 1, complete=True, written_at=0.0, body=b"[]"))
    await spool.write(spooled())
    with pytest.raises(OperationalError):
        await Shipper(spool, EventWriter(away), SETTINGS).drain(spool)
    await Shipper(spool, EventWriter(engine), SETTINGS).drain(spool)
    await away.dispose()
    assert [one.id for one in all_set_aside(spool.path.parent)] == ["poison"]
    assert len(await stored(engine)) == 1


async def test_events_wait_while_the_database_is_away_and_go_when_it_is_back(spool: Spool, database_url: str) -> None:
    """Nothing is lost while the schema is missing, as when a database is restored; shipment recovers by itself."""
    from inferspect.store.migrate import migrate  # noqa: PLC0415  only here

    engine = create_async_engine(driver_url(database_url))
    await spool.write(spooled())
    shipper = Shipper(spool, EventWriter(engine), SETTINGS)
    running = asyncio.create_task(shipper.run())
    await asyncio.sleep(0.2)
    assert await spool.depth() == 1
    await asyncio.to_thread(migrate, database_url)

    async def is_empty() -> bool:
        return await spool.depth() == 0

    await until(is_empty)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(await stored(engine)) == 1
    await engine.dispose()


@pytest.mark.parametrize(
    "body",
    [b"no json", b"[]", b'{"id": "x"}', b'{"occurred_at": 7}', None],
    ids=["no json", "no object", "fields missing", "wrong type", "refused by the database"],
)
async def test_an_event_that_can_never_be_stored_is_set_aside(
    spool: Spool, engine: AsyncEngine, body: bytes | None
) -> None:
    """It does not hold up the others for ever: it is kept in a file for a person, and they are shipped."""
    poison = spooled()
    if body is None:
        body = poison.body.replace(b'"status":200', b'"status":2000000')
    await spool.write(SpooledEvent("poison", 1, complete=True, written_at=0.0, body=body))
    good = [spooled() for _ in range(12)]
    for event in good:
        await spool.write(event)
    await Shipper(spool, EventWriter(engine), SETTINGS).drain(spool)
    assert await spool.depth() == 0
    assert {str(row["id"]) for row in await stored(engine)} == {event.id for event in good}
    kept = (spool.path.parent / "dead-letters.jsonl").read_bytes()
    assert b"poison" in kept
    assert body.decode().replace('"', '\\"').encode() in kept


async def test_what_is_left_is_shipped_when_the_worker_ends(
    spool: Spool, engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelled, the shipper hands in also what still waits for its cost."""
    monkeypatch.setattr(module, "LAST_WORDS", 60)
    running = asyncio.create_task(
        Shipper(spool, EventWriter(engine), EventSettings(ship_every=60, settle_after=60)).run()
    )
    await asyncio.sleep(0.1)
    await spool.write(spooled(complete=False))
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(await stored(engine)) == 1


async def test_a_shipper_ends_in_time_while_the_database_hangs(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last shipment is given up after LAST_WORDS; its events stay in the spool."""
    monkeypatch.setattr(module, "LAST_WORDS", 0.1)
    silent = await asyncio.start_server(lambda _reader, _writer: asyncio.sleep(3600), "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    engine = create_async_engine(driver_url(f"postgresql://u:p@127.0.0.1:{port}/d"))
    await spool.write(spooled())
    running = asyncio.create_task(Shipper(spool, EventWriter(engine), SETTINGS).run())
    await asyncio.sleep(0.1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert running.cancelled()
    assert await spool.depth() == 1
    silent.close()


def in_progress(name: str, moment: datetime) -> SpooledEvent:
    """The intent of a request: a provider is asked, and nothing is known of the end."""
    return spooled(1, complete=False, name=name, status=None, received_at=moment)


async def test_a_request_in_progress_is_stored_and_stays_in_the_spool(spool: Spool, engine: AsyncEngine) -> None:
    """It can be seen, is shipped once only, does not hold up others, and makes room when its end is known."""
    shipper = Shipper(spool, EventWriter(engine), SETTINGS)
    moment = datetime.now(UTC)
    names = [str(uuid.uuid4()) for _ in range(25)]  # more than two batches
    for name in names:
        await spool.write(in_progress(name, moment))
    await shipper.drain(spool)
    assert {(row["result"], row["complete"]) for row in await stored(engine)} == {("unknown", False)}
    assert await spool.depth() == 25
    later = spooled()
    await spool.write(later)
    assert await shipper.ship(spool, everything=True) == 1
    assert await spool.depth() == 25
    for name in names:
        await spool.write(spooled(2, name=name, received_at=moment))
    await shipper.drain(spool)
    assert await spool.depth() == 0
    assert {(row["result"], row["complete"]) for row in await stored(engine)} == {("success", True)}


async def test_the_requests_of_a_worker_that_was_killed_end_as_unknown(
    spool: Spool, folder: Path, engine: AsyncEngine
) -> None:
    """Whoever adopts its spool makes their events final, so that consumers get them; once, though it dies as well."""
    dead = Spool(folder)
    name, moment = str(uuid.uuid4()), datetime.now(UTC)
    consumers = Consumers([Recording()])
    await dead.write(in_progress(name, moment))
    await Shipper(dead, EventWriter(engine, consumers), SETTINGS).drain(dead)
    assert await deliveries(engine) == []
    dead.close()
    for _ in range(2):
        copy = Spool(folder)
        await copy.write(in_progress(name, moment))
        copy.close()
        await Shipper(spool, EventWriter(engine, consumers), SETTINGS)._adopt_orphans()  # noqa: SLF001  once
        ((row),) = await stored(engine)
        assert (row["result"], row["complete"], row["revision"]) == ("unknown", True, 2)
        assert [row["revision"] for row in await deliveries(engine)] == [2]
    assert list(orphans(folder)) == []


async def test_content_goes_to_the_store_with_its_event(spool: Spool, engine: AsyncEngine) -> None:
    """And stays there when a later revision brings none."""
    shipper = Shipper(spool, EventWriter(engine), SETTINGS)
    name, moment = str(uuid.uuid4()), datetime.now(UTC)
    first, second = (spooled(revision, name=name, received_at=moment) for revision in (1, 2))
    await spool.write(replace(first, content=b'{"input": "a", "output": {"b": 1}}'))
    await shipper.drain(spool)
    await spool.write(second)
    await shipper.drain(spool)
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT input, output FROM inferspect.event_contents"))
        assert rows.all() == [('"a"', '{"b":1}')]


async def test_a_partition_that_was_dropped_is_no_fault_of_the_event(spool: Spool, engine: AsyncEngine) -> None:
    """It is stored by the next attempt, and not set aside."""
    shipper = Shipper(spool, EventWriter(engine), SETTINGS)
    moment = datetime.now(UTC)
    await spool.write(spooled(received_at=moment))
    await shipper.drain(spool)
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP TABLE inferspect.events_{moment:%Y%m%d}"))
    await spool.write(spooled(received_at=moment))
    with pytest.raises(IntegrityError):
        await shipper.drain(spool)
    await shipper.drain(spool)
    assert len(await stored(engine)) == 1
    assert not (spool.path.parent / "dead-letters.jsonl").exists()


def test_adopted_spools_are_found_by_their_name(folder: Path) -> None:
    """The folder may be missing at the first start."""
    assert list(orphans(folder)) == []
