"""The engine while PostgreSQL comes and goes, and LiteLLM's reading of what it says meanwhile."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from prisma import errors

ONE = "SELECT 1 AS one"
BUSY = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = %s"
TERMINATE = (
    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
    "WHERE datname = %s AND backend_type = 'client backend'"
)
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture(scope="module")
def handler() -> Any:
    """What decides in LiteLLM whether to reconnect, to answer 503, or to blame the request."""
    from litellm.proxy.db.exception_handler import (  # noqa: PLC0415  LiteLLM takes seconds to import
        PrismaDBExceptionHandler,
    )

    return PrismaDBExceptionHandler


async def test_the_engine_starts_without_a_database_and_finds_it_later(
    connect: Callable[[str], Any], own_postgres: Any, handler: Any
) -> None:
    own_postgres.stop()
    client = await connect(own_postgres.url("postgres"))
    with pytest.raises(errors.DataError, match="Can't reach database server") as failure:
        await client.query_raw(ONE)
    assert failure.value.code == "P1001"
    assert handler.is_database_transport_error(failure.value)
    own_postgres.start()
    assert await client.query_raw(ONE) == [{"one": 1}]


async def test_a_killed_database_costs_only_what_was_under_way(
    connect: Callable[[str], Any], own_postgres: Any, handler: Any
) -> None:
    client = await connect(own_postgres.url("postgres", connection_limit=4))
    await asyncio.gather(*(client.query_raw("SELECT 1 AS one, pg_sleep(0.1)") for _ in range(4)))
    engine = client._engine.process.pid  # noqa: SLF001  the client shows it nowhere else
    under_way = asyncio.create_task(client.query_raw("SELECT pg_sleep(600)"))
    await asyncio.to_thread(own_postgres.wait_for, "postgres", BUSY, ("SELECT pg_sleep(600)",), [(1,)])

    own_postgres.kill()
    with pytest.raises(errors.DataError, match="closed the connection") as failure:
        await under_way
    assert failure.value.code == "P1017"
    assert handler.is_database_transport_error(failure.value)
    with pytest.raises(errors.DataError) as failure:
        await client.query_raw(ONE)
    assert handler.is_database_service_unavailable_error(failure.value)

    own_postgres.start()
    assert await asyncio.gather(*(client.query_raw(ONE) for _ in range(20))) == [[{"one": 1}]] * 20
    assert client._engine.process.pid == engine  # noqa: SLF001
    assert client._engine.process.poll() is None  # noqa: SLF001


async def test_lost_idle_connections_are_replaced_unnoticed(
    connect: Callable[[str], Any], postgres: Any, database: str
) -> None:
    client = await connect(postgres.url(database, connection_limit=3))
    async with AsyncExitStack() as open_at_once:
        for _ in range(3):
            transaction = await open_at_once.enter_async_context(client.tx(max_wait=MINUTE, timeout=MINUTE))
            await transaction.query_raw(ONE)
    assert len(postgres.execute("postgres", TERMINATE, (database,))) == 3
    assert await asyncio.gather(*(client.query_raw(ONE) for _ in range(6))) == [[{"one": 1}]] * 6


async def test_a_statement_ended_by_an_administrator_is_an_outage(
    connect: Callable[[str], Any], postgres: Any, database: str, handler: Any
) -> None:
    client = await connect(postgres.url(database))
    with pytest.raises(errors.DataError) as failure:
        await client.query_raw("SELECT pg_terminate_backend(pg_backend_pid())")
    assert failure.value.code == "P1017"
    assert handler.is_database_transport_error(failure.value)
    assert await client.query_raw(ONE) == [{"one": 1}]


@pytest.mark.parametrize(
    ("database_name", "user", "code"), [("nowhere", "postgres", "P1003"), ("postgres", "nobody", "P1000")]
)
async def test_a_wrong_address_is_told_in_words(
    connect: Callable[[str], Any], postgres: Any, database_name: str, user: str, code: str
) -> None:
    client = await connect(f"postgresql://{user}:secret@127.0.0.1:{postgres.port}/{database_name}")
    with pytest.raises(errors.DataError) as failure:
        await client.query_raw(ONE)
    assert failure.value.code == code
    assert "secret" not in str(failure.value.data)


async def test_a_full_server_is_told_from_an_outage(
    connect: Callable[[str], Any], postgres: Any, database: str, handler: Any
) -> None:
    postgres.execute("postgres", "CREATE ROLE narrow LOGIN CONNECTION LIMIT 1")
    url = f"postgresql://narrow@127.0.0.1:{postgres.port}/{database}"
    first, second = await connect(url), await connect(url)
    assert await first.query_raw(ONE) == [{"one": 1}]
    with pytest.raises(errors.DataError) as failure:
        await second.query_raw(ONE)
    assert handler.is_database_capacity_error(failure.value)
    assert not handler.is_database_transport_error(failure.value)


async def test_errors_of_the_data_are_no_outage(client: Any, handler: Any) -> None:
    await client.litellm_verificationtoken.create(data={"token": "a"})
    for attempt in (
        client.litellm_verificationtoken.create(data={"token": "a"}),
        client.litellm_verificationtoken.create(data={"token": "nul\0"}),
        client.query_raw("SELECT 1/0"),
    ):
        with pytest.raises(errors.DataError) as failure:
            await attempt
        assert not handler.is_database_transport_error(failure.value)


async def test_the_kinds_of_conflict_are_told_apart(client: Any, handler: Any) -> None:
    for sqlstate, is_kind in (("40P01", handler.is_deadlock_error), ("55P03", handler.is_lock_timeout_error)):
        with pytest.raises(errors.DataError) as failure:
            await client.execute_raw(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{sqlstate}'; END $$")
        assert is_kind(failure.value) or handler.postgres_sqlstate(failure.value) == sqlstate
