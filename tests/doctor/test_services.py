"""What the doctor says about databases and Redis, against real ones."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import psycopg
import pytest

from inferspect.doctor import Examination, Level
from inferspect.doctor.services import check_database, check_migrations, check_redis
from inferspect.store.migrate import migrate


def test_an_external_database_is_reached(patient: Examination, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells the version and never the password; Prisma's parameters do no harm."""
    monkeypatch.setenv("DATABASE_URL", f"{postgres}?connection_limit=3&schema=public")
    result = check_database(patient)
    assert result.level is Level.OK
    assert re.match(r"PostgreSQL \d+ at 127.0.0.1:", result.message)
    assert "hidden-password" not in result.message


def test_pending_migrations_are_a_warning_until_they_are_applied(
    patient: Examination, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres)
    before = check_migrations(patient)
    assert before.level is Level.WARNING
    migrate(postgres)
    assert check_migrations(patient).message.startswith("pending: 0 of InferSpect")
    with psycopg.connect(postgres) as connection:
        connection.execute(
            "CREATE TABLE _prisma_migrations (migration_name text, finished_at timestamptz, rolled_back_at timestamptz)"
        )
        names = {found.parent.name for found in _litellm_migrations()}
        for name in names:
            connection.execute("INSERT INTO _prisma_migrations VALUES (%s, now(), NULL)", (name,))
    assert check_migrations(patient).message == "none pending"


@pytest.mark.parametrize("url", ["mysql://u:secret@h/x", "nonsense", "postgresql://u:secret@127.0.0.1:1/x"])
def test_a_database_that_cannot_be_used_is_an_error(
    patient: Examination, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    result = check_database(patient)
    assert result.level is Level.ERROR
    assert "secret" not in result.message


def test_a_wrong_password_is_an_error(patient: Examination, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres.replace("hidden-password", "another"))
    result = check_database(patient)
    assert result.level is Level.ERROR
    assert "another" not in result.message


def test_an_embedded_cluster_of_another_version_is_an_error(patient: Examination) -> None:
    (patient.home / "postgres").mkdir(parents=True)
    (patient.home / "postgres" / "PG_VERSION").write_text("12\n")
    assert check_database(patient).level is Level.ERROR


def test_an_external_redis_is_reached(patient: Examination, redis: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", redis)
    assert check_redis(patient).message.startswith("Redis 6")


@pytest.mark.parametrize("url", ["redis://:secret@127.0.0.1:1/0", "http://nonsense"])
def test_a_redis_that_cannot_be_used_is_an_error(
    patient: Examination, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("REDIS_URL", url)
    result = check_redis(patient)
    assert result.level is Level.ERROR
    assert "secret" not in result.message


def test_no_redis_is_well_where_none_is_wanted(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERSPECT_EMBEDDED__REDIS", "false")
    assert check_redis(patient).message.startswith("none")


def _litellm_migrations() -> list[Path]:
    spec = importlib.util.find_spec("litellm_proxy_extras")
    assert spec is not None
    [folder] = spec.submodule_search_locations or []
    return list(Path(folder).glob("migrations/*/migration.sql"))
