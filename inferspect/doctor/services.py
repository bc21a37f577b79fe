"""Checks of the database and of Redis, where external ones are named; the embedded ones are the launcher's."""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inferspect.configuration import Configuration
from inferspect.doctor.examination import Examination
from inferspect.doctor.machine import STARTS, read_text
from inferspect.doctor.result import Result, error, ok, warning

if TYPE_CHECKING:
    import psycopg

OLDEST_POSTGRESQL = 13
PATIENCE = 3  # seconds for a connection


def check_database(examination: Examination) -> Result:
    url = examination.launch.database_url
    if url is None:
        return _embedded_database(examination.home)
    from inferspect.store.address import AddressError  # noqa: PLC0415  takes a second, mostly not needed

    try:
        with connect(url) as connection:
            version = connection.info.server_version // 10_000
            place = f"{connection.info.host}:{connection.info.port}/{connection.info.dbname}"
    except AddressError as wrong:
        return error("database", str(wrong), "correct DATABASE_URL")
    except OSError as failure:
        return error("database", f"DATABASE_URL cannot be reached: {failure}", "start it, or correct DATABASE_URL")
    if version < OLDEST_POSTGRESQL:
        return error("database", f"PostgreSQL {version} at {place} is too old", f"use {OLDEST_POSTGRESQL} or later")
    return ok("database", f"PostgreSQL {version} at {place}")


def check_migrations(examination: Examination) -> Result:
    url = examination.launch.database_url
    if url is None:
        return ok("migrations", "applied to the embedded PostgreSQL at each start")
    from inferspect.store.address import AddressError  # noqa: PLC0415  as above

    try:
        with connect(url) as connection:
            litellm = _litellm_pending(connection, _prisma_schema(url))
    except (AddressError, OSError):
        return warning("migrations", "unknown, because the database cannot be reached", "see above")
    from inferspect.store.migrate import pending  # noqa: PLC0415  as above

    ours = pending(url)
    if ours or litellm:
        return warning(
            "migrations",
            f"pending: {len(ours)} of InferSpect, {len(litellm)} of LiteLLM",
            "back the database up; `inferspect serve` applies them all, `inferspect migrate` those of InferSpect",
        )
    return ok("migrations", "none pending")


def check_redis(examination: Examination) -> Result:
    url = examination.launch.redis_url
    if url is None:
        configuration = examination.configuration
        if isinstance(configuration, Configuration) and not configuration.settings.embedded.redis:
            return ok("redis", "none; each worker counts and caches for itself")
        return ok("redis", f"embedded Redis; {STARTS}")
    import redis  # noqa: PLC0415  takes a second, mostly not needed

    try:
        with redis.Redis.from_url(url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE) as client:
            version = client.info("server")["redis_version"]
    except (redis.RedisError, ValueError) as failure:
        return error("redis", f"REDIS_URL cannot be reached: {_first_line(failure)}", "start it, or correct REDIS_URL")
    return ok("redis", f"Redis {version}")


def _embedded_database(home: Path) -> Result:
    from inferspect.launcher.postgres import VERSION  # noqa: PLC0415  as above

    found = read_text(home / "postgres" / "PG_VERSION").strip()
    if found and found != VERSION:
        return error(
            "database",
            f"{home / 'postgres'} is of PostgreSQL {found}; the embedded one is {VERSION}",
            "dump it with the old version and restore it with this one",
        )
    if (home / "postgres" / "postmaster.pid").exists():
        return ok("database", f"embedded PostgreSQL {VERSION}, started")
    return ok("database", f"embedded PostgreSQL {VERSION}; {STARTS}")


def connect(url: str) -> psycopg.Connection[Any]:
    """A connection to a database by its ``DATABASE_URL``.

    Raises:
        AddressError: it is no address of a PostgreSQL.
        OSError: it cannot be reached, or it refuses the login.
    """
    import psycopg  # noqa: PLC0415  as above

    from inferspect.store.address import driver_url  # noqa: PLC0415  as above

    address = driver_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return psycopg.connect(address, connect_timeout=PATIENCE, autocommit=True)
    except psycopg.Error as failure:
        raise OSError(_first_line(failure)) from None


def _litellm_pending(connection: psycopg.Connection[Any], schema: str) -> set[str]:
    """Names of LiteLLM's migrations that its ledger does not have as finished."""
    from psycopg import sql  # noqa: PLC0415  as above

    shipped: set[str] = set()
    spec = find_spec("litellm_proxy_extras")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        shipped |= {found.parent.name for found in Path(folder).glob("migrations/*/migration.sql")}
    table = sql.Identifier(schema, "_prisma_migrations")
    if connection.execute("SELECT to_regclass(%s)", (table.as_string(connection),)).fetchone() == (None,):
        return shipped
    finished = sql.SQL("SELECT migration_name FROM {} WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL")
    return shipped - {name for (name,) in connection.execute(finished.format(table))}


def _prisma_schema(url: str) -> str:
    """The schema of LiteLLM's tables: Prisma's parameter ``schema``, else ``public``."""
    from sqlalchemy.engine import make_url  # noqa: PLC0415  as above

    with suppress(ValueError):
        named = make_url(url).query.get("schema")
        return named if isinstance(named, str) else "public"
    return "public"


def _first_line(failure: Exception) -> str:
    lines = str(failure).strip().splitlines()
    return lines[0] if lines else type(failure).__name__
