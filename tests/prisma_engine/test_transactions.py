"""Transactions, batches and the limits of the pool."""
# ruff: noqa: PT012  what raises is the end of the block

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from prisma import errors
from prisma.engine.errors import EngineRequestError

SECOND = dt.timedelta(seconds=1)


@pytest.fixture
async def tokens(client: Any) -> Any:
    await client.litellm_verificationtoken.create(data={"token": "a"})
    await client.litellm_verificationtoken.create(data={"token": "b"})
    return client.litellm_verificationtoken


async def spends(tokens: Any) -> list[float]:
    return [row.spend for row in await tokens.find_many(order={"token": "asc"})]


def increment(target: Any, token: str) -> Any:
    return target.litellm_verificationtoken.update(where={"token": token}, data={"spend": {"increment": 1}})


async def test_a_batch_holds_as_a_whole_or_not_at_all(client: Any, tokens: Any) -> None:
    async with client.batch_() as batch:
        increment(batch, "a")
        increment(batch, "b")
    assert await spends(tokens) == [1, 1]
    with pytest.raises(errors.UniqueViolationError):
        async with client.batch_() as batch:
            increment(batch, "a")
            batch.litellm_verificationtoken.create(data={"token": "b"})
    assert await spends(tokens) == [1, 1]


async def test_a_refused_raw_statement_of_a_batch_tells_its_sqlstate(client: Any) -> None:
    """LiteLLM tells a lock timeout from bad data by it."""
    with pytest.raises(errors.RawQueryError) as failure:
        async with client.batch_() as batch:
            batch.execute_raw("SELECT 1/0")
    assert failure.value.meta["code"] == "22012"


async def test_a_transaction_commits_and_rolls_back(client: Any, tokens: Any) -> None:
    async with client.tx() as transaction:
        await increment(transaction, "a")
        await transaction.query_raw("SELECT pg_advisory_xact_lock(1)")
        assert await spends(tokens) == [0, 0]
    assert await spends(tokens) == [1, 0]
    with pytest.raises(RuntimeError):
        async with client.tx() as transaction:
            await increment(transaction, "a")
            raise RuntimeError
    assert await spends(tokens) == [1, 0]


async def test_a_batch_within_a_transaction_belongs_to_it(client: Any, tokens: Any) -> None:
    with pytest.raises(RuntimeError):
        async with client.tx() as transaction:
            async with transaction.batch_() as batch:
                increment(batch, "a")
            raise RuntimeError
    assert await spends(tokens) == [0, 0]


async def test_transactions_at_once_take_turns(client: Any, tokens: Any) -> None:
    async def read_and_write() -> None:
        async with client.tx(max_wait=60 * SECOND, timeout=60 * SECOND) as transaction:
            await transaction.query_raw(
                """SELECT 1 AS one FROM "LiteLLM_VerificationToken" WHERE token = 'a' FOR UPDATE"""
            )
            row = await transaction.litellm_verificationtoken.find_unique(where={"token": "a"})
            await transaction.litellm_verificationtoken.update(where={"token": "a"}, data={"spend": row.spend + 1})

    await asyncio.gather(*(read_and_write() for _ in range(40)))
    assert await spends(tokens) == [40, 0]
    idle = "SELECT count(*) AS n FROM pg_stat_activity WHERE state LIKE 'idle in%' AND datname = current_database()"
    assert await client.query_raw(idle) == [{"n": 0}]


async def test_a_transaction_that_takes_too_long_is_rolled_back(client: Any, tokens: Any) -> None:
    with pytest.raises(errors.TransactionExpiredError):
        async with client.tx(timeout=0.2 * SECOND) as transaction:
            await increment(transaction, "a")
            await asyncio.sleep(0.5)
            await increment(transaction, "a")
    assert await spends(tokens) == [0, 0]


async def test_the_pool_gives_back_what_transactions_took(
    connect: Callable[[str], Any], postgres: Any, database: str
) -> None:
    """Whatever ends a transaction, its connection serves the next statement; there is only one."""
    client = await connect(postgres.url(database, connection_limit=1, pool_timeout=30))
    await client.execute_raw("CREATE TABLE parent (id int PRIMARY KEY)")
    await client.execute_raw("CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED)")
    for _ in range(2):
        # Refused at COMMIT.
        with pytest.raises(EngineRequestError):
            async with client.tx() as transaction:
                await transaction.execute_raw("INSERT INTO child VALUES (1)")
        # Refused in between.
        with pytest.raises(errors.RawQueryError):
            async with client.tx() as transaction:
                await transaction.query_raw("SELECT 1/0")
        # Never started: the other one holds the connection longer than this one waits.
        async with client.tx() as transaction:
            with pytest.raises(EngineRequestError, match="Unable to start a transaction"):
                await client.tx(max_wait=0.1 * SECOND).start()
            await transaction.query_raw("SELECT 1 AS one")
        # Its connection broken.
        with pytest.raises(errors.DataError, match="closed the connection"):
            async with client.tx() as transaction:
                [row] = await transaction.query_raw("SELECT pg_backend_pid() AS pid")
                postgres.execute(database, f"SELECT pg_terminate_backend({row['pid']})")
                await transaction.query_raw("SELECT 1 AS one")
        assert await client.query_raw("SELECT 1 AS one") == [{"one": 1}]


async def test_a_pool_with_nothing_to_give_says_so_in_time(
    connect: Callable[[str], Any], postgres: Any, database: str
) -> None:
    client = await connect(postgres.url(database, connection_limit=1, pool_timeout=1))
    async with client.tx():
        with pytest.raises(errors.DataError, match="Timed out fetching a new connection") as failure:
            await client.query_raw("SELECT 1 AS one")
    assert failure.value.code == "P2024"
    assert await client.query_raw("SELECT 1 AS one") == [{"one": 1}]


async def test_no_more_connections_than_the_limit_are_opened(
    connect: Callable[[str], Any], postgres: Any, database: str
) -> None:
    client = await connect(postgres.url(database, connection_limit=3, pool_timeout=30))
    await asyncio.gather(*(client.query_raw("SELECT 1 AS one, pg_sleep(0.02)") for _ in range(30)))
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
    assert postgres.execute("postgres", count, (database,)) == [(3,)]


async def test_a_statement_is_given_up_after_the_socket_timeout(
    connect: Callable[[str], Any], postgres: Any, database: str
) -> None:
    client = await connect(postgres.url(database, socket_timeout=1, connection_limit=1))
    with pytest.raises(errors.DataError, match="timed out") as failure:
        await client.query_raw("SELECT pg_sleep(30)")
    assert failure.value.code == "P1008"
    assert await client.query_raw("SELECT 1 AS one") == [{"one": 1}]


async def test_limits_of_the_session_are_passed_on(connect: Callable[[str], Any], postgres: Any, database: str) -> None:
    client = await connect(postgres.url(database, options="-c statement_timeout=200", application_name="gate"))
    with pytest.raises(errors.RawQueryError) as failure:
        await client.query_raw("SELECT pg_sleep(30)")
    assert failure.value.meta["code"] == "57014"
    assert await client.query_raw("SHOW application_name") == [{"application_name": "gate"}]
