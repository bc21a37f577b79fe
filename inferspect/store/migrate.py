"""Brings schema ``inferspect`` up to date; any number of processes may try at once, one does it."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from inferspect.logs import without_secrets
from inferspect.store.address import AddressError, driver_url
from inferspect.store.migration_error import MigrationError
from inferspect.store.tables import SCHEMA

ADVISORY_LOCK = int.from_bytes(b"infersp", "big")


def migrate(database_url: str) -> list[str]:
    """Apply what is missing.

    Returns:
        The revisions that were applied, oldest first; empty where the schema was up to date.

    Raises:
        MigrationError: the database cannot be used, or a migration failed; its transaction was rolled back, so it can
            be tried again.
    """
    try:
        return _migrated(create_engine(driver_url(database_url)))
    except AddressError as error:
        raise MigrationError(str(error)) from None
    except SQLAlchemyError as error:
        reason = without_secrets(str(getattr(error, "orig", None) or error)).strip()
        raise MigrationError(f"The database of DATABASE_URL cannot be used: {reason}") from error


def _migrated(engine: Engine) -> list[str]:
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
