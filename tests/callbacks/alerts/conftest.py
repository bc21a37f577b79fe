"""Events and other rows as they lie in the database when rules are evaluated."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from inferspect.observation.durations import parse_duration
from inferspect.store.address import driver_url
from inferspect.store.alerts.tables import AlertRow

Plant = Callable[..., Awaitable[None]]


@pytest.fixture
async def engine(store_url: str) -> AsyncIterator[AsyncEngine]:
    made = create_async_engine(driver_url(store_url), pool_size=10)
    async with made.begin() as connection:
        for table in ("events", "usage", "scores"):
            await connection.execute(
                text(f"CREATE TABLE inferspect.{table}_all PARTITION OF inferspect.{table} DEFAULT")
            )
    yield made
    await made.dispose()


async def database_time(engine: AsyncEngine) -> datetime:
    async with engine.connect() as connection:
        now: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    return now


EVENT: dict[str, Any] = {
    "revision": 1,
    "complete": True,
    "tenant_id": "acme",
    "client_address": "192.0.2.1",
    "method": "POST",
    "route": "/v1/chat/completions",
    "stream": False,
    "result": "success",
    "status": 200,
    "verdicts": [],
}


@pytest.fixture
def plant(engine: AsyncEngine) -> Plant:
    """Puts ``count`` equal rows into a table, ``ago`` before now; of events, those of a good request by default."""

    async def put(count: int = 1, *, table: str = "events", ago: str = "1m", **values: Any) -> None:
        at = await database_time(engine) - parse_duration(ago)
        row = {**(EVENT if table == "events" else {}), **values, "occurred_at": at}
        await insert(engine, f"inferspect.{table}", [{**row, "id": str(uuid.uuid4())} for _ in range(count)])

    return put


async def insert(engine: AsyncEngine, table: str, rows: list[dict[str, Any]]) -> None:
    schema, _, name = table.rpartition(".")
    async with engine.begin() as connection:
        known = await connection.run_sync(
            lambda sync: Table(name, MetaData(), schema=schema or None, autoload_with=sync)
        )
        if rows:
            await connection.execute(known.insert(), rows)


async def rows_of(engine: AsyncEngine, query: str, **values: Any) -> list[dict[str, Any]]:
    async with engine.connect() as connection:
        return [dict(found) for found in (await connection.execute(text(query), values)).mappings()]


async def move_back(engine: AsyncEngine, by: timedelta) -> None:
    """Have all that is known of alerts be older, in place of waiting."""
    columns = ("pending_since", "bad_at", "started_at", "resolved_at", "told_at", "updated_at")
    async with engine.begin() as connection:
        await connection.execute(update(AlertRow).values({name: getattr(AlertRow, name) - by for name in columns}))
