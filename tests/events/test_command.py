from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from inferspect.events.command import app
from inferspect.events.courier import Courier
from inferspect.events.delivery import Rejected, Retry
from inferspect.events.shipper import Shipper
from inferspect.events.spool import Spool, SpooledEvent
from inferspect.settings import EventSettings
from inferspect.store.audit.completeness import CONSUMER as AUDIT
from inferspect.store.deliveries.queue import NOBODY
from inferspect.store.events.writer import EventWriter, ShippedEvent
from tests.events.serving import Recording, deliveries, event, execute, rows, store, writer

# The command runs an event loop of its own, so a test's coroutine leaves it to a thread.


@pytest.fixture(autouse=True)
def environment(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the spools is the one of the fixtures here."""
    monkeypatch.setenv("DATABASE_URL", store_url)
    monkeypatch.setenv("INFERSPECT_HOME", str(tmp_path))
    monkeypatch.setenv("LITELLM_SALT_KEY", "salt-" + "x" * 20)
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.delenv("FORCE_COLOR", raising=False)  # on a dumb terminal columns are not looked at


async def run(*arguments: str, status: int = 0) -> str:
    result = await asyncio.to_thread(CliRunner().invoke, app, list(arguments))
    assert result.exit_code == status, (result.output, result.exception)
    return result.output


async def found(*arguments: str) -> Any:
    return json.loads(await run(*arguments, "--json"))


async def dead(engine: AsyncEngine, name: str, *models: str, tenant: str = "t") -> list[str]:
    """Dead letters of a consumer, one for each model."""
    consumer = Recording(name, lambda batch: [Rejected("too large")] * len(batch))
    stored = await store(engine, consumer, *(event(model=model, tenant_id=tenant) for model in models))
    await Courier(consumer, engine, EventSettings()).deliver()
    return [one.id for one in stored]


async def test_dead_letters_are_listed_by_what_they_are_of(engine: AsyncEngine) -> None:
    (first,) = await dead(engine, "one", "a")
    (second,) = await dead(engine, "two", "b", tenant="u")
    assert [row["id"] for row in await found("dead-letter", "list")] == [second, first]
    for option, value, expected in (
        ("--consumer", "one", [first]),
        ("--tenant", "u", [second]),
        ("--id", first, [first]),
        ("--older-than", "1h", []),
        ("--limit", "1", [second]),
        ("--consumer", "none", []),
    ):
        assert [row["id"] for row in await found("dead-letter", "list", option, value)] == expected, option
    shown = await run("dead-letter", "list")
    assert first in shown
    assert "too large" in shown


async def test_an_id_is_whole_on_a_narrow_terminal(engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    """To be copied to the commands that take it."""
    monkeypatch.setenv("COLUMNS", "80")
    (name,) = await dead(engine, "notify:automation", "a", tenant=str(uuid.uuid4()))
    assert name in await run("dead-letter", "list")


async def test_one_is_shown_with_its_event(engine: AsyncEngine) -> None:
    (name,) = await dead(engine, "one", "the-model")
    letter = json.loads(await run("dead-letter", "show", "one", name))
    assert (letter["reason"], letter["event"]["model"]) == ("too large", "the-model")
    await run("dead-letter", "show", "one", str(uuid.uuid4()), status=1)
    await run("dead-letter", "show", "one", "no-id", status=1)


async def test_replayed_ones_are_delivered_again_and_dropped_ones_are_gone(engine: AsyncEngine) -> None:
    first, second, third = await dead(engine, "one", "a", "b", "c")
    assert "replayed: 1" in await run("dead-letter", "replay", "--id", first)
    assert "dropped: 1" in await run("dead-letter", "drop", "--id", second, "--yes")
    left = {row["id"]: row["dead_at"] is None for row in await deliveries(engine)}
    assert left == {first: True, third: False}
    consumer = Recording("one")
    await Courier(consumer, engine, EventSettings()).deliver()
    assert consumer.got == [first]


async def test_what_waits_for_a_consumer_that_is_no_more_is_told_and_can_be_dropped(engine: AsyncEngine) -> None:
    """Nobody has come for it; what waits for others stays."""
    away = Recording("away", lambda batch: [Retry("away")] * len(batch), batch=1)
    (letter,) = await dead(engine, "gone", "a")
    for consumer in (Recording("gone"), away):
        await store(engine, consumer, event(), event())
    await execute(engine, "UPDATE inferspect.deliveries SET due_at = due_at - interval '10 minutes'")
    await Courier(away, engine, EventSettings()).deliver()
    reasons = {row["consumer"]: row["reason"] for row in (await found("status"))["consumers"]}
    assert reasons == {"away": "away", "gone": NOBODY}
    assert "--consumer" in await run("dead-letter", "drop", "--all", "--waiting", "--yes", status=2)
    assert "dropped: 0" in await run(
        "dead-letter", "drop", "--consumer", "gone", "--waiting", "--older-than", "1h", "--yes"
    )
    assert "dropped: 3" in await run("dead-letter", "drop", "--consumer", "gone", "--waiting", "--yes")
    left = await deliveries(engine)
    assert [row["consumer"] for row in left] == ["away", "away"]
    assert letter not in {row["id"] for row in left}


async def test_what_changes_dead_letters_is_in_the_audit_log_before(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who did it, and to which; without the salt key, which the log is sealed with, nothing is done."""
    (first,) = await dead(engine, "one", "a")
    await run("dead-letter", "replay", "--id", first)
    await run("dead-letter", "drop", "--consumer", "two", "--yes")
    actions = await rows(engine, "SELECT route, decision, role, details FROM inferspect.audit_log ORDER BY sequence")
    assert actions == [
        {
            "route": f"inferspect events dead-letter {name}",
            "decision": "intent",
            "role": "command line",
            "details": told,
        }
        for name, told in (("replay", {"id": first}), ("drop", {"consumer": "two"}))
    ]
    monkeypatch.delenv("LITELLM_SALT_KEY")
    (second,) = await dead(engine, "one", "b")
    assert "no salt key" in await run("dead-letter", "drop", "--id", second, "--yes", status=1)
    assert second in {row["id"] for row in await deliveries(engine)}


async def test_no_request_that_the_audit_log_waits_for_is_dropped(engine: AsyncEngine) -> None:
    """It would be missing there for good; it can be replayed."""
    (first,) = await dead(engine, AUDIT, "a")
    assert "replay" in await run("dead-letter", "drop", "--consumer", AUDIT, "--yes", status=2)
    assert "dropped: 0" in await run("dead-letter", "drop", "--all", "--yes")
    assert "replayed: 1" in await run("dead-letter", "replay", "--id", first)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("replay",), "say which"),
        (("drop", "--yes"), "say which"),
        (("replay", "--older-than", "soon"), "must be a duration"),
    ],
)
async def test_what_cannot_be_meant_is_refused(arguments: Sequence[str], says: str) -> None:
    """Nobody replays or drops all by forgetting to say which."""
    assert says in await run("dead-letter", *arguments, status=2)


async def test_dropping_asks_first(engine: AsyncEngine) -> None:
    await dead(engine, "one", "a")
    await run("dead-letter", "drop", "--all", status=1)
    assert len(await deliveries(engine)) == 1


async def test_what_the_database_did_not_take_is_found_and_stored_again(
    spool: Spool, folder: Path, engine: AsyncEngine
) -> None:
    """Listed beside the others; once it can be stored, a worker finds it in a spool that is put there."""
    shipper = Shipper(spool, EventWriter(engine), EventSettings(ship_batch=10))
    good, large = event(tenant_id="t"), event()
    body = large.to_json().replace(b'"status":200', b'"status":2000000')
    assert body != large.to_json()
    await spool.write(
        SpooledEvent(large.id, 1, complete=True, written_at=time.time(), body=body, content=b'{"input": "kept"}')
    )
    await spool.write(SpooledEvent("broken", 1, complete=True, written_at=1.0, body=b"no json"))
    await spool.write(SpooledEvent(good.id, 1, complete=True, written_at=time.time(), body=good.to_json()))
    await shipper.drain(spool)
    listed = {row["id"]: row for row in await found("dead-letter", "list")}
    assert set(listed) == {large.id, "broken"}
    assert listed[large.id]["reason"] == "DataError"
    assert [row["id"] for row in await found("dead-letter", "list", "--older-than", "1h")] == ["broken"]
    letter = json.loads(await run("dead-letter", "show", "database", large.id))
    assert (letter["event"]["route"], letter["content"]) == (large.route, '{"input": "kept"}')

    text = (folder / "dead-letters.jsonl").read_text(encoding="utf-8").replace("2000000", "200")
    (folder / "dead-letters.jsonl").write_text(text, encoding="utf-8")  # as when the program has been updated
    assert "replayed: 1" in await run("dead-letter", "replay", "--id", large.id)
    await shipper._adopt_orphans()  # noqa: SLF001  as the shipper does every few seconds
    stored = await rows(
        engine, "SELECT id::text, input FROM inferspect.events LEFT JOIN inferspect.event_contents USING (id)"
    )
    assert {row["id"]: row["input"] for row in stored} == {good.id: None, large.id: '"kept"'}
    assert [row["id"] for row in await found("dead-letter", "list")] == ["broken"]
    assert "dropped: 1" in await run("dead-letter", "drop", "--consumer", "database", "--yes")
    assert await found("dead-letter", "list") == []


async def test_all_that_is_known_of_a_request_is_shown(engine: AsyncEngine) -> None:
    """The event, its content, and who has not got it."""
    one = event(model="the-model")
    await writer(engine, Recording("slow")).write([ShippedEvent(one, b'{"input": {"messages": ["hello"]}}')])
    record = await found("show", one.id)
    assert record["event"]["model"] == "the-model"
    assert record["content"] == {"input": {"messages": ["hello"]}}
    assert [row["consumer"] for row in record["deliveries"]] == ["slow"]
    shown = await run("show", one.id)
    assert "the-model" in shown
    assert "hello" in shown
    await run("show", str(uuid.uuid4()), status=1)
    await run("show", "no-id", status=2)


async def test_what_waits_is_shown(spool: Spool, engine: AsyncEngine) -> None:
    """In spools, of living workers and of others, and for consumers."""
    await spool.write(SpooledEvent("x", 1, complete=False, written_at=time.time() - 60, body=b"{}"))
    await store(engine, Recording("slow"), event(), event())
    status = await found("status")
    ((waiting),) = status["spools"]
    assert (waiting["events"], waiting["worker_ended"]) == (1, False)
    assert waiting["oldest_seconds"] >= 60
    assert [(row["consumer"], row["waiting"], row["dead"]) for row in status["consumers"]] == [("slow", 2, 0)]
    shown = await run("status")
    assert spool.path.name in shown
    assert "slow" in shown


async def test_without_a_database_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """And never shows the password."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:private@127.0.0.1:1/none")
    said = await run("status", status=1)
    assert "the database cannot be used" in said
    assert "private" not in said
