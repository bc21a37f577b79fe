"""Attacks on events: on the way from a request to the store none is lost, or holds up another."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from callbacks.events.outcome import from_logging_payload, from_response
from inferspect.context import Attempt, Outcome, RequestContext
from inferspect.events.event import event_of
from inferspect.events.shipper import Shipper
from inferspect.events.spool import Spool, SpooledEvent
from inferspect.settings import EventSettings
from inferspect.store.address import driver_url
from inferspect.store.events.writer import EventWriter

SETTINGS = EventSettings(ship_every=0.01, ship_batch=10, settle_after=0.5)
HOUR = 3600.0


@pytest.fixture
async def engine(store_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(driver_url(store_url), pool_size=2)
    yield made
    await made.dispose()


@pytest.fixture
def spool_folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


def served(**values: Any) -> RequestContext:
    context = RequestContext(str(uuid.uuid4()), "/v1/chat/completions", "POST", "192.0.2.1")
    for name, value in values.items():
        setattr(context, name, value)
    return context


def spooled(written_at: float | None = None, **values: Any) -> SpooledEvent:
    event = event_of(served(**values), 1, complete=False)
    return SpooledEvent(event.id, 1, False, written_at or time.time(), event.to_json())


async def stored(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT CAST(id AS text) FROM inferspect.events"))
        return set(rows.scalars())


async def test_a_clock_that_is_put_back_loses_no_event_of_a_worker_that_died(
    spool_folder: Path, engine: AsyncEngine
) -> None:
    """What it wrote an hour from now is adopted, before its spool is deleted."""
    dead = Spool(spool_folder)
    event = spooled(time.time() + HOUR)
    await dead.write(event)
    dead.close()
    own = Spool(spool_folder)
    try:
        shipping = asyncio.create_task(Shipper(own, EventWriter(engine), SETTINGS).run())
        while dead.path.exists():
            await asyncio.sleep(0.01)
        shipping.cancel()
        await asyncio.gather(shipping, return_exceptions=True)
    finally:
        own.close()
    assert await stored(engine) == {event.id}


async def test_a_clock_that_is_put_back_loses_no_event_at_the_end_of_a_worker(
    spool_folder: Path, engine: AsyncEngine
) -> None:
    own = Spool(spool_folder)
    try:
        event = spooled(time.time() + HOUR)
        await own.write(event)
        await Shipper(own, EventWriter(engine), SETTINGS).drain(own)
    finally:
        own.close()
    assert await stored(engine) == {event.id}


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
async def test_a_clock_gone_mad_holds_up_no_other_event(
    moment: datetime, spool_folder: Path, engine: AsyncEngine
) -> None:
    """The event of a time that has no partition is set aside, and the shipper goes on."""
    own = Spool(spool_folder)
    try:
        mad, sane = spooled(received_at=moment), spooled()
        await own.write(mad)
        await own.write(sane)
        await Shipper(own, EventWriter(engine), SETTINGS).drain(own)
    finally:
        own.close()
    assert sane.id in await stored(engine)


@pytest.mark.parametrize(
    "parameters",
    [
        {"service_tier": "a\ud800"},
        {"service_tier": "a\0"},
        {"response_format": {"\0": [1, "\0"]}},
        {"response_format": {"x": 10**30}},
        {"temperature": float("nan")},
    ],
    ids=["surrogate", "NUL", "NUL within", "large number", "NaN"],
)
async def test_no_parameter_keeps_a_request_out_of_the_store(
    parameters: dict[str, Any], spool_folder: Path, engine: AsyncEngine
) -> None:
    """Nor out of the spool: a request whose event cannot be written would be in no audit log."""
    own = Spool(spool_folder)
    try:
        event = spooled(parameters=parameters)
        await own.write(event)
        await Shipper(own, EventWriter(engine), SETTINGS).drain(own)
    finally:
        own.close()
    assert await stored(engine) == {event.id}


async def test_no_name_of_a_model_keeps_a_request_out_of_the_store(spool_folder: Path, engine: AsyncEngine) -> None:
    """Its attempts say the model's name, too."""
    own = Spool(spool_folder)
    try:
        event = spooled(model="a\0\ud800", attempts=[Attempt("a\0\ud800", "b\0", "c\ud800", None, 0.1)])
        await own.write(event)
        await Shipper(own, EventWriter(engine), SETTINGS).drain(own)
    finally:
        own.close()
    assert await stored(engine) == {event.id}


def test_figures_of_a_provider_beyond_measure_are_an_event_all_the_same() -> None:
    """No sum of tokens leaves the column, and no infinite cost the counters of Prometheus."""
    outcome = Outcome()
    usage = {"prompt_tokens": 2**31 - 1, "completion_tokens": 2**31 - 1}
    for cost in (float("inf"), float("nan"), True):
        from_response({"usage": usage, "_hidden_params": {"response_cost": cost}}, outcome)
        from_logging_payload({"prompt_tokens": 2**40, "total_tokens": -1, "response_cost": cost}, outcome)
    assert (outcome.prompt_tokens, outcome.total_tokens) == (2**31 - 1, 2**31 - 1)
    assert outcome.cost in {None, 1.0}
