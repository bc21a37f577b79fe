"""An audit log for the tests of its store and of what is built on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.store.audit.check import Problem
from inferspect.store.audit.entry import Draft, chain_of
from inferspect.store.audit.keys import AuditKeys
from inferspect.store.audit.log import AuditLog
from inferspect.store.audit.verify import Verification

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def keys() -> AuditKeys:
    return AuditKeys("salt-" + "x" * 20)


@pytest.fixture
def audit(engine: AsyncEngine, keys: AuditKeys) -> AuditLog:
    return AuditLog(engine, keys)


@pytest.fixture
def drafts() -> Callable[..., list[Draft]]:
    """So many requests of a tenant, each with values of every kind."""

    def make(count: int, tenant: str | None = "acme", **values: Any) -> list[Draft]:
        told = {
            "kind": "request",
            "revision": 1,
            "occurred_at": NOON,
            "chain": chain_of(tenant),
            "tenant_id": tenant,
            "key_hash": "ab" * 32,
            "address": "192.0.2.1",
            "route": "/v1/chat/completions",
            "model": "é",
            "decision": "success",
            "status": 200,
            "cost": 1.23e-05,
            "details": {"prompt_tokens": 7, "guardrails": [{"guardrail": "pii", "code": None}]},
            **values,
        }
        return [Draft(event_id=str(uuid.uuid4()), **told) for _ in range(count)]

    return make


@pytest.fixture
def problems(engine: AsyncEngine, keys: AuditKeys) -> Callable[..., Any]:
    """Everything that a verification finds."""

    async def find(with_keys: AuditKeys | None = keys, **how: Any) -> list[Problem]:
        return [problem async for problem in Verification(engine, with_keys, **how).problems()]

    return find


@pytest.fixture
def superuser(store_url: str) -> Callable[..., list[tuple[Any, ...]]]:
    """Statements of somebody whom the database refuses nothing: the trigger is out of the way for them."""

    def tamper(*statements: str) -> None:
        with psycopg.connect(store_url) as connection:
            connection.execute("ALTER TABLE inferspect.audit_log DISABLE TRIGGER audit_append_only")
            for statement in statements:
                connection.execute(statement.encode())
            connection.execute("ALTER TABLE inferspect.audit_log ENABLE ALWAYS TRIGGER audit_append_only")

    return tamper
