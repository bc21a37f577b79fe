from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from inferspect.store.address import driver_url
from inferspect.store.alerts import tables as alert_tables
from inferspect.store.audit import tables as audit_tables
from inferspect.store.migrate import migrate, pending
from inferspect.store.migration_error import MigrationError
from inferspect.store.reports import tables as report_tables
from inferspect.store.scores import tables as scores_tables
from inferspect.store.tables import SCHEMA, Base


def test_a_migration_is_applied_once(database_url: str) -> None:
    """The second run finds nothing to do."""
    waiting = pending(database_url)
    assert waiting == migrate(database_url)
    assert waiting[0] == "0001"
    assert migrate(database_url) == []
    assert pending(database_url) == []


def test_many_processes_may_migrate_at_once(database_url: str) -> None:
    """Replicas that start together: one migrates, the others wait and find it done."""
    with ThreadPoolExecutor(6) as pool:
        applied = list(pool.map(migrate, [database_url] * 6))
    assert sorted(map(len, applied))[:5] == [0] * 5
    assert sum(map(len, applied)) == len(max(applied, key=len)) > 0


def test_the_tables_are_as_the_models_say(store_url: str) -> None:
    """Migrations and SQLAlchemy's models describe the same columns."""
    assert all(tables.Base is Base for tables in (alert_tables, audit_tables, report_tables, scores_tables))
    engine = create_engine(driver_url(store_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "include_schemas": True,
                "version_table_schema": SCHEMA,
                "include_name": lambda name, kind, _parents: kind != "schema" or name == SCHEMA,
                "include_object": lambda _object, _name, kind, _reflected, _other: kind != "index",
            },
        )
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_nothing_is_made_outside_of_our_schema(store_url: str) -> None:
    """LiteLLM's own migrations see none of our tables."""
    with psycopg.connect(store_url) as connection:
        found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert found == (0,)


def test_a_failed_migration_leaves_nothing_and_can_be_tried_again(database_url: str) -> None:
    """It is one transaction: what is in its way is removed, and it runs."""
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE SCHEMA inferspect; CREATE TABLE inferspect.events (id int)")
    with pytest.raises(MigrationError, match="already exists"):
        migrate(database_url)
    with psycopg.connect(database_url) as connection:
        left = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'inferspect'").fetchall()
        assert left == [("events",)]
        connection.execute("DROP TABLE inferspect.events")
    assert migrate(database_url)
