"""What the doctor says of events that wait for a person, and of clocks, with a real database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from inferspect.doctor import Examination, Level
from inferspect.doctor.events import check_clock, check_dead_letters, check_spools
from inferspect.events import spool_table
from inferspect.events.dead_letters import set_aside
from inferspect.events.spool_table import SpooledEvent
from inferspect.store.migrate import migrate


@pytest.fixture
def folder(patient: Examination) -> Path:
    made = patient.home / "spool"
    made.mkdir(parents=True)
    return made


@contextmanager
def clock_of(url: str, ahead: str) -> Iterator[None]:
    """Have the database's clock go ahead; functions of PostgreSQL's own come second in its search path."""
    with psycopg.connect(url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute("CREATE SCHEMA other_clock")
        connection.execute(
            "CREATE FUNCTION other_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            f" AS $$ SELECT pg_catalog.clock_timestamp() + interval '{ahead}' $$".encode()
        )
        connection.execute(f"ALTER DATABASE {name} SET search_path = other_clock, pg_catalog".encode())
        yield
        connection.execute(f"ALTER DATABASE {name} RESET search_path".encode())
        connection.execute("DROP SCHEMA other_clock CASCADE")


def test_what_waits_in_spools_is_told(patient: Examination, folder: Path) -> None:
    """It is no problem by itself."""
    assert check_spools(patient).message.startswith("0 events wait")
    database = spool_table.open_database(folder / "a.spool")
    spool_table.upsert(database, SpooledEvent("a", 1, True, 0.0, b"{}"))
    database.close()
    result = check_spools(patient)
    assert (result.level, result.message[:13]) == (Level.OK, "1 events wait")


def test_events_that_the_database_does_not_take_are_a_warning(patient: Examination, folder: Path) -> None:
    """With how to look at them."""
    set_aside(folder, SpooledEvent("a", 1, True, 0.0, b"{}"), "DataError")
    result = check_spools(patient)
    assert (result.level, result.message[:22]) == (Level.WARNING, "1 events are set aside")
    assert "dead-letter list --consumer database" in result.remedy


def test_damaged_spools_are_a_warning(patient: Examination, folder: Path) -> None:
    """By their names, whether a worker has found it or nobody yet."""
    (folder / "a.spool.damaged").touch()
    (folder / "b.spool").write_bytes(b"this is no database at all, by any means" * 100)
    result = check_spools(patient)
    assert result.level is Level.WARNING
    assert "a.spool.damaged, b.spool" in result.message


def test_dead_letters_are_a_warning(patient: Examination, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """How many of which consumer; deliveries that are tried again are none."""
    assert check_dead_letters(patient).level is Level.INFO
    monkeypatch.setenv("DATABASE_URL", database_url)
    patient = Examination()
    assert check_dead_letters(patient).message == "none: the database is new"
    migrate(database_url)
    insert = (
        "INSERT INTO inferspect.deliveries (consumer, id, occurred_at, revision, dead_at)"
        " VALUES (%s, gen_random_uuid(), now(), 1, CASE WHEN %s THEN now() END)"
    )
    with psycopg.connect(database_url) as connection:
        connection.execute(insert, ("langfuse", False))
    assert check_dead_letters(patient).message == "none"
    with psycopg.connect(database_url) as connection:
        for consumer in ("langfuse", "langfuse", "quality"):
            connection.execute(insert, (consumer, True))
    result = check_dead_letters(patient)
    assert (result.level, result.message) == (Level.WARNING, "2 of langfuse, 1 of quality")


@pytest.mark.parametrize(("ahead", "told"), [("1 hour", "s behind"), ("-1 hour", "s ahead of")])
def test_a_clock_that_is_wrong_is_a_warning(
    patient: Examination, database_url: str, monkeypatch: pytest.MonkeyPatch, ahead: str, told: str
) -> None:
    """This machine's or the database's: one of them."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    assert check_clock(patient).level is Level.OK
    with clock_of(database_url, ahead):
        result = check_clock(patient)
    assert result.level is Level.WARNING
    assert told in result.message


def test_a_database_that_is_away_tells_nothing_of_clocks(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another check says that it is."""
    assert check_clock(patient).level is Level.OK
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/x")
    assert check_clock(Examination()).level is Level.INFO
    assert check_dead_letters(Examination()).level is Level.INFO
