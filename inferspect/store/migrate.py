"""Brings schema ``inferspect`` up to date; any number of processes may try at once, one does it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from inferspect.store.address import driver_url
from inferspect.store.tables import SCHEMA

ADVISORY_LOCK = int.from_bytes(b"infersp", "big")


def migrate(database_url: str) -> list[str]:
    """Apply what is missing.

    Returns:
        The revisions that were applied, oldest first; empty where the schema was up to date.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: a migration failed; its transaction was rolled back, so it can be tried again.
    """
    engine = create_engine(driver_url(database_url))
    try:
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            before = _revisions_pending(connection)
            command.upgrade(_config(connection), "head")
            return before
    finally:
        engine.dispose()


def pending(database_url: str) -> list[str]:
    """Revisions that :func:`migrate` would apply, oldest first."""
    engine = create_engine(driver_url(database_url))
    try:
        with engine.connect() as connection:
            return _revisions_pending(connection)
    finally:
        engine.dispose()


def _revisions_pending(connection: Connection) -> list[str]:
    script = ScriptDirectory.from_config(_config(connection))
    current = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA}).get_current_revision()
    return [step.revision for step in reversed(list(script.iterate_revisions("head", current or "base")))]


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
