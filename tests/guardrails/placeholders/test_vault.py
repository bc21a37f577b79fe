"""Both vaults, against a real PostgreSQL and a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import redis.asyncio
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from structlog.testing import capture_logs

from guardrails.placeholders.keys import TenantKeys
from guardrails.placeholders.minting import Minting
from guardrails.placeholders.sealing import LONGEST, Sealer
from guardrails.placeholders.substitutions import Substitutions
from guardrails.placeholders.vault import PostgresVault, RedisVault, Vault
from inferspect.store.address import driver_url
from inferspect.store.tables import PlaceholderVault

VALUES = (("EMAIL_ADDRESS", "jane@example.com"), ("PERSON", "Nguyễn Văn An"), ("PERSON", "\ud83d\ude00 \ud800"))
EMAIL = VALUES[0]
TENANT, RESPONSE = "tenant-1", "resp_0123456789"


def substituted(keys: TenantKeys, *values: tuple[str, str]) -> Substitutions:
    made = Substitutions(Minting(keys, TENANT))
    for value in values:
        made.substitute(*value)
    return made


@pytest.fixture
async def client(redis_url: str) -> AsyncIterator[redis.asyncio.Redis]:
    made = redis.asyncio.Redis.from_url(redis_url)
    await made.flushall()
    yield made
    await made.aclose()


class PostgresStore:
    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    def vault(self, keys: TenantKeys) -> Vault:
        return PostgresVault(self.engine, keys)

    async def everything(self) -> bytes:
        """All that somebody who reads the store sees."""
        async with self.engine.connect() as connection:
            rows = (await connection.execute(select(PlaceholderVault.response_key, PlaceholderVault.sealed))).all()
        return b"|".join(part for row in rows for part in row)

    async def alter(self, change: Callable[[bytes], bytes]) -> None:
        async with self.engine.begin() as connection:
            for sealed in (await connection.execute(select(PlaceholderVault.sealed))).scalars().all():
                await connection.execute(update(PlaceholderVault).values(sealed=change(sealed)))

    async def move(self, tenant_id: str, response_key: bytes) -> None:
        """Hand the only entry to another tenant and response."""
        async with self.engine.begin() as connection:
            await connection.execute(update(PlaceholderVault).values(tenant_id=tenant_id, response_key=response_key))


class RedisStore:
    def __init__(self, client: redis.asyncio.Redis) -> None:
        self.client = client

    def vault(self, keys: TenantKeys) -> Vault:
        return RedisVault(self.client, keys)

    async def everything(self) -> bytes:
        names = await self.client.keys()
        return b"|".join([*names, *(await self.client.mget(names) if names else [])])

    async def alter(self, change: Callable[[bytes], bytes]) -> None:
        for name in await self.client.keys():
            entry = await self.client.get(name)
            await self.client.set(name, entry[:4] + change(entry[4:]))

    async def move(self, tenant_id: str, response_key: bytes) -> None:
        """Hand the only entry to another tenant and response."""
        del tenant_id
        [name] = await self.client.keys()
        await self.client.rename(name, name.rpartition(b":")[0] + b":" + response_key.hex().encode())


@pytest.fixture(params=["postgres", "redis"])
def store(request: pytest.FixtureRequest) -> PostgresStore | RedisStore:
    if request.param == "postgres":
        return PostgresStore(request.getfixturevalue("engine"))
    return RedisStore(request.getfixturevalue("client"))


async def test_what_was_put_comes_back_exactly(store: PostgresStore | RedisStore, keys: TenantKeys) -> None:
    """In any script, lone surrogates too, and with what the client typed."""
    substitutions = substituted(keys, *VALUES)
    substitutions.typed("<PERSON_abcdefghij>")
    vault = store.vault(keys)
    assert await vault.put(TENANT, RESPONSE, substitutions, 60)
    found = await store.vault(TenantKeys("salt-of-the-tests")).get(TENANT, RESPONSE)
    assert found == substitutions.kept()
    assert list(found) == list(substitutions.kept())
    later = Substitutions(Minting(keys, TENANT))
    later.recall(found)
    placeholder = substitutions.substitute(*EMAIL)
    assert later.restore_text(f"to {placeholder}, <PERSON_abcdefghij>") == "to jane@example.com, <PERSON_abcdefghij>"


async def test_the_last_put_of_a_response_counts(store: PostgresStore | RedisStore, keys: TenantKeys) -> None:
    vault = store.vault(keys)
    for value in VALUES:
        assert await vault.put(TENANT, RESPONSE, substituted(keys, value), 60)
    assert await vault.get(TENANT, RESPONSE) == substituted(keys, VALUES[-1]).kept()


async def test_nothing_is_stored_where_nothing_was_substituted(
    store: PostgresStore | RedisStore, keys: TenantKeys
) -> None:
    assert not await store.vault(keys).put(TENANT, RESPONSE, substituted(keys), 60)
    assert await store.everything() == b""


@pytest.mark.parametrize(
    ("tenant_id", "response_id"),
    [("tenant-2", RESPONSE), ("", RESPONSE), (TENANT, "resp_other"), (TENANT, ""), (f'{TENANT}", "{RESPONSE}', "")],
)
async def test_only_this_tenant_finds_it_and_only_by_this_id(
    store: PostgresStore | RedisStore, keys: TenantKeys, tenant_id: str, response_id: str
) -> None:
    vault = store.vault(keys)
    await vault.put(TENANT, RESPONSE, substituted(keys, EMAIL), 60)
    assert await vault.get(tenant_id, response_id) is None
    assert await vault.get(TENANT, RESPONSE)


async def test_the_store_holds_nothing_that_can_be_read(store: PostgresStore | RedisStore, keys: TenantKeys) -> None:
    """Neither value, nor placeholder, nor the response's id; and equal entries look different."""
    substitutions = substituted(keys, *VALUES)
    await store.vault(keys).put(TENANT, RESPONSE, substitutions, 60)
    first = await store.everything()
    for text_ in (RESPONSE, *(value for _, value in VALUES), *substitutions.kept()):
        assert text_.encode("utf-8", "surrogatepass") not in first
    await store.vault(keys).put(TENANT, RESPONSE, substitutions, 60)
    assert await store.everything() != first


@pytest.mark.parametrize(
    "damage",
    [
        lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1]),
        lambda sealed: bytes([sealed[0] ^ 1]) + sealed[1:],
        lambda sealed: sealed[:20],
        lambda sealed: sealed[:3],
        lambda _sealed: b"",
    ],
)
async def test_an_entry_that_was_altered_counts_as_none_and_is_told(
    store: PostgresStore | RedisStore, keys: TenantKeys, damage: Callable[[bytes], bytes]
) -> None:
    """The log says so, without ids and content."""
    vault = store.vault(keys)
    await vault.put(TENANT, RESPONSE, substituted(keys, EMAIL), 60)
    await store.alter(damage)
    with capture_logs() as logs:
        assert await vault.get(TENANT, RESPONSE) is None
    assert logs == [{"event": "kept placeholders cannot be read", "key_version": 1, "log_level": "warning"}]


@pytest.mark.parametrize(("tenant_id", "response_id"), [("tenant-2", RESPONSE), (TENANT, "resp_other")])
async def test_an_entry_under_another_tenant_or_response_cannot_be_read(
    store: PostgresStore | RedisStore, keys: TenantKeys, tenant_id: str, response_id: str
) -> None:
    """Somebody who can write to the store gains nothing by moving entries."""
    vault = store.vault(keys)
    await vault.put(TENANT, RESPONSE, substituted(keys, EMAIL), 60)
    await store.move(tenant_id, Sealer(keys).key_of(tenant_id, response_id))
    with capture_logs() as logs:
        assert await vault.get(tenant_id, response_id) is None
    assert [line["event"] for line in logs] == ["kept placeholders cannot be read"]


async def test_another_salt_key_finds_nothing(store: PostgresStore | RedisStore, keys: TenantKeys) -> None:
    await store.vault(keys).put(TENANT, RESPONSE, substituted(keys, EMAIL), 60)
    assert await store.vault(TenantKeys("another salt")).get(TENANT, RESPONSE) is None


async def test_entries_outlive_a_change_of_keys(store: PostgresStore | RedisStore, keys: TenantKeys) -> None:
    """In both directions, while replicas of both versions run."""
    newer = TenantKeys("salt-of-the-tests", version=2)
    for writer, reader in ((keys, newer), (newer, keys)):
        substitutions = substituted(writer, EMAIL)
        await store.vault(writer).put(TENANT, RESPONSE, substitutions, 60)
        assert await store.vault(reader).get(TENANT, RESPONSE) == substitutions.kept()


async def test_an_entry_runs_out(store: PostgresStore | RedisStore, keys: TenantKeys) -> None:
    vault = store.vault(keys)
    await vault.put(TENANT, RESPONSE, substituted(keys, EMAIL), 0.001)
    await vault.put(TENANT, "resp_later", substituted(keys, EMAIL), 60)
    await asyncio.sleep(0.05)
    assert await vault.get(TENANT, RESPONSE) is None
    assert await vault.get(TENANT, "resp_later")


async def test_of_too_much_the_newest_is_kept(store: PostgresStore | RedisStore, keys: TenantKeys) -> None:
    """A conversation of thousands of values, or with one that is huge, does not fill the store."""
    substitutions = substituted(keys, *(("PERSON", f"Jane {number:06} {'x' * 80}") for number in range(5000)))
    vault = store.vault(keys)
    assert await vault.put(TENANT, RESPONSE, substitutions, 60)
    found = await vault.get(TENANT, RESPONSE)
    kept = list(substitutions.kept().items())
    assert found
    assert list(found.items()) == kept[-len(found) :]
    assert 1000 < len(found) < 5000
    assert len(await store.everything()) < 2 * LONGEST


async def test_a_store_that_is_away_is_told_and_harms_nothing(keys: TenantKeys) -> None:
    """Nothing listens at port 1; the answer goes out all the same, and keeps its placeholders."""
    engine = create_async_engine(driver_url("postgresql://u:hidden@127.0.0.1:1/d"))
    client = redis.asyncio.Redis.from_url("redis://:hidden@127.0.0.1:1/0")
    for vault in (PostgresVault(engine, keys), RedisVault(client, keys)):
        with capture_logs() as logs:
            assert not await vault.put(TENANT, RESPONSE, substituted(keys, EMAIL), 60)
            assert await vault.get(TENANT, RESPONSE) is None
        assert [line["log_level"] for line in logs] == ["warning", "warning"]
        assert not any(secret in str(logs) for secret in ("hidden", "jane", RESPONSE, TENANT))
    await engine.dispose()
    await client.aclose()


async def test_a_store_that_hangs_is_not_waited_for(engine: AsyncEngine, keys: TenantKeys) -> None:
    """Another transaction holds the table for as long as it likes."""
    vault = PostgresVault(engine, keys)
    async with engine.begin() as connection:
        await connection.execute(text("LOCK TABLE inferspect.placeholder_vault IN ACCESS EXCLUSIVE MODE"))
        with capture_logs() as logs, pytest.MonkeyPatch.context() as patch:
            patch.setattr("guardrails.placeholders.vault.LONGEST_WAIT", 0.2)
            assert not await vault.put(TENANT, RESPONSE, substituted(keys, EMAIL), 60)
            assert await vault.get(TENANT, RESPONSE) is None
    assert [line["reason"] for line in logs] == ["TimeoutError", "TimeoutError"]
    assert await vault.put(TENANT, RESPONSE, substituted(keys, EMAIL), 60)


async def test_what_ran_out_is_deleted_in_small_steps(
    engine: AsyncEngine, keys: TenantKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By several workers at once, and nothing else with it."""
    monkeypatch.setattr("guardrails.placeholders.vault.DELETED_AT_ONCE", 3)
    vault = PostgresVault(engine, keys)
    for number in range(10):
        await vault.put(TENANT, f"resp_{number}", substituted(keys, EMAIL), 0.001)
    await vault.put(TENANT, RESPONSE, substituted(keys, EMAIL), 60)
    await asyncio.sleep(0.05)
    assert sum(await asyncio.gather(*(vault.delete_expired() for _ in range(3)))) + await vault.delete_expired() == 10
    async with engine.connect() as connection:
        assert await connection.scalar(select(func.count()).select_from(PlaceholderVault)) == 1
    assert await vault.get(TENANT, RESPONSE)


async def test_the_upkeep_deletes_until_it_is_cancelled(engine: AsyncEngine, keys: TenantKeys) -> None:
    """It outlives a table that is gone for a while."""
    vault = PostgresVault(engine, keys)
    async with engine.begin() as connection:
        await connection.execute(text("ALTER TABLE inferspect.placeholder_vault RENAME TO away"))
    with capture_logs() as logs:
        upkeep = asyncio.create_task(vault.run(every=0.01))
        while not logs:
            await asyncio.sleep(0.01)
        async with engine.begin() as connection:
            await connection.execute(text("ALTER TABLE inferspect.away RENAME TO placeholder_vault"))
        await vault.put(TENANT, RESPONSE, substituted(keys, EMAIL), 0.001)
        while logs[-1]["log_level"] != "info":
            await asyncio.sleep(0.01)
        upkeep.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upkeep
    assert logs[-1]["responses"] == 1


def test_a_redis_client_that_decodes_is_refused(keys: TenantKeys) -> None:
    with pytest.raises(ValueError, match="decode_responses"):
        RedisVault(redis.asyncio.Redis(decode_responses=True), keys)
