"""What the doctor says of the audit log's protection, with a real database."""

from __future__ import annotations

import psycopg
import pytest

from inferspect.doctor import Examination, Level
from inferspect.doctor.audit import check_audit_log
from inferspect.store.migrate import migrate


def test_what_the_database_lets_its_users_change_is_told(
    patient: Examination, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A login that could drop the trigger, and a trigger that somebody has disabled."""
    monkeypatch.setenv("DATABASE_URL", postgres)
    migrate(postgres)
    could = check_audit_log(patient)
    assert (could.level, could.message.endswith("it is a superuser")) == (Level.WARNING, True)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("ALTER TABLE inferspect.audit_log DISABLE TRIGGER audit_append_only")
        disabled = check_audit_log(patient)
        connection.execute("ALTER TABLE inferspect.audit_log ENABLE ALWAYS TRIGGER audit_append_only")
    assert (disabled.level, "missing, disabled" in disabled.message) == (Level.WARNING, True)


def test_without_a_database_nothing_is_known(patient: Examination) -> None:
    assert check_audit_log(patient).level is Level.INFO
