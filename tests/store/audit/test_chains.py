"""Appending: chains stay whole with many writers, the database refuses changes, roles may be told apart."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from inferspect.store.address import driver_url
from inferspect.store.audit.anchors import take_anchor
from inferspect.store.audit.check import Problem
from inferspect.store.audit.keys import AuditKeys
from inferspect.store.audit.log import AuditLog
from inferspect.store.audit.verify import Verification
from inferspect.store.migrate import migrate

Drafts = Callable[..., Any]
Problems = Callable[..., Any]


async def test_writers_of_many_connections_keep_chains_whole(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, problems: Problems
) -> None:
    """New and old chains, in any order, with anchors between: no deadlock, no gap, nothing lost."""

    async def write(number: int) -> int:
        order = random.Random(number)
        count = 0
        for turn in range(8):
            tenants = order.sample([f"t{one}" for one in range(4 + turn)], 4)
            await audit.record([draft for tenant in tenants for draft in drafts(order.randint(1, 4), tenant)])
            count += 1
            if number == 0:
                await take_anchor(engine, audit)
        return count

    assert sum(await asyncio.gather(*(write(number) for number in range(8)))) == 64
    assert await problems() == []


async def test_a_transaction_that_fails_leaves_no_gap(
    engine: AsyncEngine, audit: AuditLog, drafts: Drafts, problems: Problems
) -> None:
    """The head goes back with the entries."""
    await audit.record(drafts(3))

    async def fail() -> None:
        async with engine.begin() as connection:
            await audit.append(connection, drafts(2))
            await connection.execute(text("SELECT 1 / 0"))

    with pytest.raises(SQLAlchemyError):
        await fail()
    await audit.record(drafts(1))
    assert await problems() == []
    async with engine.connect() as connection:
        assert (await connection.execute(text("SELECT max(sequence) FROM inferspect.audit_log"))).scalar_one() == 4


async def test_a_request_has_one_entry_whatever_happens(audit: AuditLog, drafts: Drafts) -> None:
    """The database itself refuses a second one."""
    (draft,) = drafts(1)
    await audit.record([draft])
    with pytest.raises(SQLAlchemyError):
        await audit.record([draft])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE inferspect.audit_log SET cost = 0",
        "UPDATE inferspect.audit_log SET cost = 0 WHERE false",
        "DELETE FROM inferspect.audit_log",
        "TRUNCATE inferspect.audit_log",
        "SET session_replication_role = replica; DELETE FROM inferspect.audit_log",
        (
            "INSERT INTO inferspect.audit_log SELECT * FROM inferspect.audit_log"
            " ON CONFLICT (chain, sequence) DO UPDATE SET cost = 0"
        ),
    ],
)
async def test_the_database_refuses_changes(
    store_url: str, audit: AuditLog, drafts: Drafts, problems: Problems, statement: str
) -> None:
    """Even to its owner, as long as the trigger is there."""
    await audit.record(drafts(2))
    with psycopg.connect(store_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())
    assert await problems() == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE inferspect.audit_log DISABLE TRIGGER audit_append_only",
        "ALTER TABLE inferspect.audit_log ENABLE TRIGGER audit_append_only",
        "DROP TRIGGER audit_append_only ON inferspect.audit_log",
        (
            "CREATE OR REPLACE TRIGGER audit_append_only BEFORE UPDATE ON inferspect.audit_log"
            " FOR EACH STATEMENT EXECUTE FUNCTION inferspect.audit_refuse()"
        ),
        (
            "CREATE OR REPLACE FUNCTION inferspect.audit_refuse() RETURNS trigger LANGUAGE plpgsql"
            " AS $$ BEGIN RETURN NULL; END $$"
        ),
    ],
)
async def test_a_trigger_that_is_out_of_force_is_told(store_url: str, problems: Problems, statement: str) -> None:
    """Whoever may drop it may change entries after; and so may a superuser with a setting of the session."""
    assert await problems() == []
    with psycopg.connect(store_url) as connection:
        connection.execute(statement.encode())
    assert await problems() == [Problem("inferspect.audit_log", 0, 0, "unguarded")]
    assert str(Problem("inferspect.audit_log", 0, 0, "unguarded")).startswith("inferspect.audit_log: table: unguarded")


PROTECTED = """
CREATE ROLE {owner} NOLOGIN;
ALTER SCHEMA inferspect OWNER TO {owner};
GRANT USAGE, CREATE ON SCHEMA inferspect TO {gateway};
ALTER TABLE inferspect.audit_log OWNER TO {owner};
ALTER FUNCTION inferspect.audit_refuse() OWNER TO {owner};
GRANT SELECT, INSERT ON inferspect.audit_log TO {gateway};
"""


async def test_a_gateway_that_does_not_own_the_table_can_append_and_nothing_else(
    database_url: str, keys: AuditKeys, drafts: Drafts
) -> None:
    """The roles of docs/audit.md: the trigger is out of reach for whoever has the gateway's login."""
    suffix = secrets.token_hex(4)
    names = {"owner": sql.Identifier(f"owner_{suffix}"), "gateway": sql.Identifier(f"gateway_{suffix}")}
    url = make_url(database_url)
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute(sql.SQL("CREATE ROLE {gateway} LOGIN PASSWORD 'made-up'").format(**names))
        superuser.execute(
            sql.SQL("GRANT CREATE ON DATABASE {} TO {gateway}").format(sql.Identifier(str(url.database)), **names)
        )
        own = url.set(username=f"gateway_{suffix}", password="made-up").render_as_string(hide_password=False)
        migrate(own)
        superuser.execute(sql.SQL(PROTECTED).format(**names))
        engine = create_async_engine(driver_url(own))
        audit = AuditLog(engine, keys)
        await audit.record(drafts(2))
        assert await take_anchor(engine, audit)
        verification = Verification(engine, keys)
        assert [problem async for problem in verification.problems()] == []
        assert verification.verified.login is None
        await engine.dispose()
        with psycopg.connect(own, autocommit=True) as connection:
            for statement in (
                "UPDATE inferspect.audit_log SET cost = 0",
                "DELETE FROM inferspect.audit_log",
                "TRUNCATE inferspect.audit_log",
                "ALTER TABLE inferspect.audit_log DISABLE TRIGGER audit_append_only",
                "DROP TRIGGER audit_append_only ON inferspect.audit_log",
                "DROP TABLE inferspect.audit_log",
                (
                    "CREATE OR REPLACE FUNCTION inferspect.audit_refuse() RETURNS trigger LANGUAGE plpgsql"
                    " AS $$ BEGIN RETURN NULL; END $$"
                ),
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement.encode())
        assert migrate(own) == []
        superuser.execute(sql.SQL("DROP OWNED BY {gateway}, {owner} CASCADE").format(**names))
        superuser.execute(sql.SQL("DROP ROLE {gateway}, {owner}").format(**names))


async def test_an_action_of_the_command_line_is_an_entry(engine: AsyncEngine, audit: AuditLog) -> None:
    await audit.record_action("inferspect events dead-letter replay", actor="ada", tenant_id="acme", details={"n": 3})
    async with engine.connect() as connection:
        statement = text("SELECT chain, kind, route, user_id, decision, details FROM inferspect.audit_log")
        assert (await connection.execute(statement)).all() == [
            ("tenant/acme", "management", "inferspect events dead-letter replay", "ada", "success", {"n": 3})
        ]
