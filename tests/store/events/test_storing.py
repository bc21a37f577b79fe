"""What follows from an event that is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.events.courier import Courier
from inferspect.events.delivery import Consumers
from inferspect.events.event import GatewayEvent
from inferspect.events.metrics import OBSERVER_ERRORS
from inferspect.settings import EventSettings
from inferspect.store.events.projecting import ProjectionConsumer
from inferspect.store.events.writer import EventWriter, ShippedEvent
from inferspect.tenancy.lookup import TenantLookup
from tests.events.serving import Recording, deliveries, event, execute, rows


@pytest.fixture
async def notes(engine: AsyncEngine) -> None:
    """A table of a projection's own."""
    await execute(engine, "CREATE TABLE notes (id uuid PRIMARY KEY, revision int, model text CHECK (model <> 'bad'))")


class Notes:
    """A projection that notes models; a model named ``bad`` is refused by the database, ``odd`` by itself."""

    async def write(self, connection: AsyncConnection, events: Sequence[GatewayEvent]) -> None:
        for one in events:
            await connection.execute(
                text(
                    "INSERT INTO notes VALUES (CAST(:id AS uuid), :revision, :model)"
                    " ON CONFLICT (id) DO UPDATE SET revision = excluded.revision"
                ),
                {"id": one.id, "revision": one.revision, "model": one.model},
            )
            if one.model == "odd":
                raise LookupError(one.model)


class Broken:
    """A projection that never works."""

    async def write(self, connection: AsyncConnection, events: Sequence[GatewayEvent]) -> None:
        raise LookupError(connection, events)


def errors(observer: str, part: str) -> float:
    return OBSERVER_ERRORS.labels(observer, part)._value.get()  # noqa: SLF001  the client has no other way


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"result": "success", "prompt_tokens": 7, "completion_tokens": 3, "cost": 0.5}, (7, 3, 0.5)),
        ({"result": "cached"}, (0, 0, None)),
        ({"result": "aborted", "prompt_tokens": 7}, (7, 0, None)),
        ({"result": "failure", "cost": 0.1}, (0, 0, 0.1)),
        ({"result": "failure", "status": 500}, None),
        ({"result": "blocked", "status": 400}, None),
        ({"result": "unknown"}, None),
    ],
    ids=["success", "cached", "aborted", "failed with a cost", "failed", "blocked", "unknown"],
)
async def test_a_request_that_was_served_has_a_usage_row(
    engine: AsyncEngine, values: dict[str, Any], expected: tuple[Any, ...] | None
) -> None:
    """Also one that cost something without coming to its end; one that used nothing has none."""
    one = event(**values)
    await EventWriter(engine).write([ShippedEvent(one)])
    found = await rows(engine, "SELECT * FROM inferspect.usage")
    assert [(row["prompt_tokens"], row["completion_tokens"], row["cost"]) for row in found] == (
        [] if expected is None else [expected]
    )


async def test_usage_is_one_row_a_request_and_follows_its_event(engine: AsyncEngine) -> None:
    """Cost that comes later replaces the row; an older revision that comes late changes nothing."""
    first = event(model="m", tags=["a", "b"], tenant_id="t", usage={"cached_tokens": 3})
    for revision in (1, 3, 2):
        await EventWriter(engine).write([ShippedEvent(replace(first, revision=revision, cost=float(revision)))])
    (found,) = await rows(engine, "SELECT * FROM inferspect.usage")
    assert (found["cost"], found["revision"], found["tags"], found["details"], found["tenant_id"]) == (
        3.0,
        3,
        ["a", "b"],
        {"cached_tokens": 3},
        "t",
    )


async def test_content_is_kept_as_json_and_outlives_a_revision_without_it(engine: AsyncEngine) -> None:
    """A revision that brings content replaces it; one that brings none leaves it."""
    first = event(tenant_id="t")
    for revision, content in (
        (1, b'{"input": "a", "output": null}'),
        (2, b'{"input": "a", "output": {"b": 1}}'),
        (3, None),
    ):
        await EventWriter(engine).write([ShippedEvent(replace(first, revision=revision), content)])
    (found,) = await rows(engine, "SELECT input, output, tenant_id FROM inferspect.event_contents")
    assert found == {"input": '"a"', "output": '{"b":1}', "tenant_id": "t"}


async def test_content_that_neither_utf8_nor_postgresql_can_hold_is_kept_escaped(engine: AsyncEngine) -> None:
    """NUL characters and halves of surrogate pairs, as JSON writes them."""
    await EventWriter(engine).write([ShippedEvent(event(), rb'{"input": "a\u0000b", "output": "\ud83d"}')])
    (found,) = await rows(engine, "SELECT input, output FROM inferspect.event_contents")
    assert found == {"input": r'"a\u0000b"', "output": r'"\ud83d"'}


async def test_an_event_that_is_not_final_is_only_stored(engine: AsyncEngine, notes: None) -> None:
    """A request in progress can be seen; its consequences follow when it has ended."""
    consumer = Recording()
    writer = EventWriter(engine, Consumers([consumer], [Notes()]))
    one = event(result="unknown", complete=False, prompt_tokens=7)
    await writer.write([ShippedEvent(one, final=False)])
    assert len(await rows(engine, "SELECT * FROM inferspect.events")) == 1
    for table in ("inferspect.usage", "inferspect.deliveries", "notes"):
        assert await rows(engine, f"SELECT * FROM {table}") == []  # noqa: S608  names of our own
    await writer.write([ShippedEvent(replace(one, revision=2, result="success", complete=True))])
    for table in ("inferspect.usage", "inferspect.deliveries", "notes"):
        assert [row["revision"] for row in await rows(engine, f"SELECT * FROM {table}")] == [2]  # noqa: S608  as above


async def test_only_consumers_that_want_an_event_get_it(engine: AsyncEngine) -> None:
    consumers = [Recording("a"), Recording("b")]
    consumers[1].wants = lambda one: one.model == "m"  # type: ignore[method-assign]
    events = [event(model="m"), event(), event(route="/unwanted")]
    await EventWriter(engine, Consumers([*consumers])).write([ShippedEvent(one) for one in events])
    assert {(row["consumer"], row["id"]) for row in await deliveries(engine)} == {
        ("a", events[0].id),
        ("b", events[0].id),
        ("a", events[1].id),
    }


async def test_a_consumer_that_cannot_tell_what_it_wants_gets_dead_letters(engine: AsyncEngine) -> None:
    """Neither the event nor the other consumers suffer, and somebody can find what was missed."""

    def broken(one: GatewayEvent) -> bool:
        raise KeyError(one.id)

    first, second = Recording("first"), Recording("second")
    first.wants = broken  # type: ignore[method-assign]
    before = errors("first", "wants")
    await EventWriter(engine, Consumers([first, second])).write([ShippedEvent(event())])
    found = {row["consumer"]: row for row in await deliveries(engine)}
    assert found["first"]["dead_at"] is not None
    assert found["first"]["reason"] == "whether it is wanted cannot be told: KeyError"
    assert found["second"]["dead_at"] is None
    assert errors("first", "wants") == before + 1


async def test_rules_of_tenants_are_known_where_consumers_are_asked(engine: AsyncEngine) -> None:
    """They have been looked up before, all tenants of a batch in one query."""
    await execute(engine, 'CREATE TABLE "LiteLLM_TeamTable" (team_id text, metadata jsonb)')
    rules = '{"inferspect": {"observation": {"retention_days": 3}}}'
    await execute(engine, "INSERT INTO \"LiteLLM_TeamTable\" VALUES ('t', CAST(:rules AS jsonb))", rules=rules)
    tenants = TenantLookup(engine, {})
    consumer = Recording()
    consumer.wants = lambda one: tenants.known(one.tenant_id).observation.retention_days == 3  # type: ignore[method-assign]
    events = [event(tenant_id="t"), event(tenant_id="other"), event()]
    await EventWriter(engine, Consumers([consumer]), tenants).write([ShippedEvent(one) for one in events])
    assert [row["id"] for row in await deliveries(engine)] == [events[0].id]


@pytest.mark.parametrize("model", ["bad", "odd"], ids=["refused by the database", "an exception"])
async def test_an_event_that_a_projection_cannot_write_waits_for_it(
    engine: AsyncEngine, notes: None, model: str
) -> None:
    """The others of the batch are written, by this projection and by others; it is tried again like a delivery."""
    projections = [Broken(), Notes()]
    events = [event(model=model if number == 3 else "good") for number in range(10)]
    consumer = Recording()
    await EventWriter(engine, Consumers([consumer], projections)).write([ShippedEvent(one) for one in events])
    assert len(await rows(engine, "SELECT * FROM inferspect.events")) == 10
    assert {str(row["id"]) for row in await rows(engine, "SELECT id FROM notes")} == {
        one.id for one in events if one.model == "good"
    }
    waiting = [(row["consumer"], row["id"]) for row in await deliveries(engine) if row["consumer"] != "test"]
    assert ("projection:Notes", events[3].id) in waiting
    assert len([name for name, _ in waiting if name == "projection:Broken"]) == 10
    await execute(engine, "ALTER TABLE notes DROP CONSTRAINT notes_model_check")
    courier = Courier(ProjectionConsumer(engine, projections[1]), engine, EventSettings())
    while await courier.deliver():
        pass
    left = [row for row in await deliveries(engine) if row["consumer"] == "projection:Notes"]
    assert len(left) == (0 if model == "bad" else 1)
    assert len(await rows(engine, "SELECT * FROM notes")) == (10 if model == "bad" else 9)


async def test_one_event_in_two_revisions_of_a_batch_is_stored_once(engine: AsyncEngine) -> None:
    first = event()
    consumer = Recording()
    await EventWriter(engine, Consumers([consumer])).write(
        [ShippedEvent(replace(first, revision=revision)) for revision in (2, 3, 1)]
    )
    assert [row["revision"] for row in await rows(engine, "SELECT revision FROM inferspect.events")] == [3]
    assert [row["revision"] for row in await deliveries(engine)] == [3]


async def test_a_large_content_does_not_keep_small_ones_from_being_stored(engine: AsyncEngine) -> None:
    """Rows are sent in parts of about a megabyte, however large one of them is."""
    contents = [b'{"input": "' + b"x" * size + b'"}' for size in (3_000_000, 10, 900_000, 900_000, 10)]
    await EventWriter(engine).write([ShippedEvent(event(), content) for content in contents])
    found = await rows(engine, "SELECT length(input) - 2 AS size FROM inferspect.event_contents ORDER BY 1")
    assert [row["size"] for row in found] == [10, 10, 900_000, 900_000, 3_000_000]
