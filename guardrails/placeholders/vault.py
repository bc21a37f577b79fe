"""Keeps placeholders for conversations whose history the provider holds, encrypted and for a limited time.

A request that goes on from an earlier answer (``previous_response_id``) does not hold the earlier values, but its
answer may hold their placeholders. What a vault cannot give, because it ran out, cannot be read, or the store is away,
is as if it had never been there: placeholders stay as they are, and the log tells why, without content.
"""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import structlog
from redis.exceptions import RedisError
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from guardrails.placeholders.keys import TenantKeys
from guardrails.placeholders.sealing import Kept, Sealed, Sealer, UnreadableError
from guardrails.placeholders.substitutions import Substitutions
from inferspect.store.tables import PlaceholderVault

if TYPE_CHECKING:
    from redis.asyncio import Redis

log = structlog.get_logger("guardrails.placeholders")

LONGEST_WAIT = 2.0  # seconds for a store to answer
DELETED_AT_ONCE = 1000
VERSION_BYTES = 4
AWAY = (SQLAlchemyError, RedisError, OSError)  # the last one of them has TimeoutError among its kinds


class Vault(Protocol):
    """Where placeholders of a response are kept."""

    async def put(self, tenant_id: str, response_id: str, substitutions: Substitutions, ttl: float) -> bool:
        """Keep what a request's placeholders stand for, for requests that go on from its answer.

        Args:
            response_id: as the client will name it.
            ttl: seconds for which it is kept.

        Returns:
            Whether it is kept; not where there is nothing to keep, or the store is away.
        """

    async def get(self, tenant_id: str, response_id: str) -> Kept | None:
        """What :meth:`~guardrails.placeholders.substitutions.Substitutions.recall` takes; ``None`` where none is."""


class SealedVault(Vault):
    """What vaults have in common: they seal what they store, and outlive a store that is away."""

    def __init__(self, keys: TenantKeys) -> None:
        self._sealer = Sealer(keys)

    async def put(self, tenant_id: str, response_id: str, substitutions: Substitutions, ttl: float) -> bool:
        kept = substitutions.kept()
        if not kept:
            return False
        sealed = self._sealer.seal(tenant_id, response_id, kept)
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                await self._store(tenant_id, self._sealer.key_of(tenant_id, response_id), sealed, ttl)
        except AWAY as error:
            log.warning("placeholders are not kept: later answers will show them", reason=type(error).__name__)
            return False
        return True

    async def get(self, tenant_id: str, response_id: str) -> Kept | None:
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                sealed = await self._find(tenant_id, self._sealer.key_of(tenant_id, response_id))
        except AWAY as error:
            log.warning("kept placeholders are out of reach", reason=type(error).__name__)
            return None
        if sealed is None:
            return None
        try:
            return self._sealer.open(tenant_id, response_id, sealed)
        except UnreadableError:
            log.warning("kept placeholders cannot be read", key_version=sealed.key_version)
            return None

    @abstractmethod
    async def _store(self, tenant_id: str, response_key: bytes, sealed: Sealed, ttl: float) -> None: ...

    @abstractmethod
    async def _find(self, tenant_id: str, response_key: bytes) -> Sealed | None: ...


class PostgresVault(SealedVault):
    """Keeps them in table ``inferspect.placeholder_vault``.

    Args:
        engine: of InferSpect's database.
        keys: of the installation.
    """

    def __init__(self, engine: AsyncEngine, keys: TenantKeys) -> None:
        super().__init__(keys)
        self._engine = engine

    async def run(self, every: float = 600.0) -> None:
        """Delete what ran out, until cancelled; any number of workers may do so at once.

        Args:
            every: seconds between two rounds.
        """
        while True:
            await asyncio.sleep(every * random.uniform(0.5, 1.5))  # noqa: S311  keeps workers apart, no secret
            try:
                deleted = await self.delete_expired()
            except (SQLAlchemyError, OSError) as error:
                log.warning("placeholders that ran out are not deleted", reason=type(error).__name__)
            else:
                if deleted:
                    log.info("deleted placeholders that ran out", responses=deleted)

    async def delete_expired(self) -> int:
        """Delete what ran out, in small transactions that wait for nobody; returns how many rows."""
        expired = (
            select(PlaceholderVault.tenant_id, PlaceholderVault.response_key)
            .where(PlaceholderVault.expires_at <= func.now())
            .limit(DELETED_AT_ONCE)
            .with_for_update(skip_locked=True)
            .cte("expired")
        )
        statement = delete(PlaceholderVault).where(
            PlaceholderVault.tenant_id == expired.c.tenant_id, PlaceholderVault.response_key == expired.c.response_key
        )
        total = 0
        while True:
            async with self._engine.begin() as connection:
                deleted = (await connection.execute(statement)).rowcount
            total += deleted
            if deleted < DELETED_AT_ONCE:
                return total

    async def _store(self, tenant_id: str, response_key: bytes, sealed: Sealed, ttl: float) -> None:
        values = {
            "key_version": sealed.key_version,
            "sealed": sealed.data,
            "expires_at": func.now() + timedelta(seconds=ttl),
        }
        statement = insert(PlaceholderVault).values(tenant_id=tenant_id, response_key=response_key, **values)
        async with self._engine.begin() as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["tenant_id", "response_key"], set_=values)
            )

    async def _find(self, tenant_id: str, response_key: bytes) -> Sealed | None:
        statement = select(PlaceholderVault.key_version, PlaceholderVault.sealed).where(
            PlaceholderVault.tenant_id == tenant_id,
            PlaceholderVault.response_key == response_key,
            PlaceholderVault.expires_at > func.now(),
        )
        async with self._engine.connect() as connection:
            found = (await connection.execute(statement)).first()
        return None if found is None else Sealed(*found)


class RedisVault(SealedVault):
    """Keeps them in Redis, which forgets them by itself.

    Args:
        client: one that gives bytes, not strings.
        keys: of the installation.

    Raises:
        ValueError: the client decodes what it reads.
    """

    def __init__(self, client: Redis, keys: TenantKeys) -> None:
        super().__init__(keys)
        if client.connection_pool.connection_kwargs.get("decode_responses"):
            raise ValueError("the vault needs a Redis client without decode_responses")
        self._client = client

    async def _store(self, tenant_id: str, response_key: bytes, sealed: Sealed, ttl: float) -> None:
        entry = sealed.key_version.to_bytes(VERSION_BYTES, "big") + sealed.data
        await self._client.set(_redis_key(response_key), entry, px=max(1, round(ttl * 1000)))

    async def _find(self, tenant_id: str, response_key: bytes) -> Sealed | None:
        entry = await self._client.get(_redis_key(response_key))
        if not isinstance(entry, bytes):
            return None
        return Sealed(int.from_bytes(entry[:VERSION_BYTES], "big"), entry[VERSION_BYTES:])


def _redis_key(response_key: bytes) -> str:
    return f"inferspect:placeholders:{response_key.hex()}"
