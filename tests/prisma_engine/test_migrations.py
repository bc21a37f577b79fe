"""Start-up migrations: what is applied and recorded, and what a failure leaves behind and says."""

from __future__ import annotations

import hashlib
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from litellm_proxy_extras.utils import ProxyExtrasDBManager

Deploy = Callable[..., subprocess.CompletedProcess[str]]
SCHEMA = 'datasource client {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n'
LEDGER = (
    "SELECT migration_name, finished_at IS NOT NULL, rolled_back_at IS NOT NULL, applied_steps_count "
    "FROM _prisma_migrations ORDER BY started_at"
)


class Project:
    """A folder of migrations, and the database that they are for."""

    def __init__(self, folder: Path, postgres: Any, migrate: Deploy) -> None:
        self.folder, self.postgres, self.migrate = folder, postgres, migrate
        self.database = f"project_{uuid.uuid4().hex[:12]}"
        self.url = postgres.url(self.database)
        (folder / "schema.prisma").write_text(SCHEMA)

    def write(self, name: str, sql: str) -> str:
        folder = self.folder / "migrations" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "migration.sql").write_text(sql)
        return hashlib.sha256(sql.encode()).hexdigest()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.migrate(self.url, *arguments, cwd=self.folder)

    def deploy(self) -> subprocess.CompletedProcess[str]:
        return self.run("migrate", "deploy")

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        return list(self.postgres.execute(self.database, statement))

    def has(self, table: str) -> bool:
        return self.execute(f"SELECT to_regclass('{table}') IS NOT NULL") == [(True,)]


@pytest.fixture
def project(tmp_path: Path, postgres: Any, migrate: Deploy) -> Iterator[Project]:
    project = Project(tmp_path, postgres, migrate)
    yield project
    postgres.execute("postgres", f'DROP DATABASE IF EXISTS "{project.database}" WITH (FORCE)')


def test_litellms_migrations_are_applied_once(postgres: Any, template: str, migrate: Deploy) -> None:
    [(applied, finished)] = postgres.execute(template, "SELECT count(*), count(finished_at) FROM _prisma_migrations")
    assert applied == finished > 200
    again = migrate(postgres.url(template), "migrate", "deploy")
    assert again.returncode == 0
    assert "No pending migrations to apply." in again.stdout


def test_the_database_is_made_and_each_file_recorded_with_its_checksum(project: Project) -> None:
    first = project.write("2026_a", "CREATE TABLE a (b int);\n")
    second = project.write("2026_b", "")
    project.deploy().check_returncode()
    rows = "SELECT migration_name, checksum, logs, applied_steps_count FROM _prisma_migrations ORDER BY started_at"
    assert project.execute(rows) == [("2026_a", first, None, 1), ("2026_b", second, None, 1)]


def test_a_failure_leaves_nothing_and_the_mended_file_is_tried_again(project: Project) -> None:
    project.write("2026_a", "CREATE TABLE a (b int);")
    project.write("2026_b", "CREATE TABLE c (d int);\n\n-- Here it breaks\nALTER TABLE a\n  ADD COLUMN b int;\n")
    failed = project.deploy()
    assert failed.returncode == 1
    assert "P3018" in failed.stderr
    assert "Database error code: 42701" in failed.stderr
    assert 'ERROR: column "b" of relation "a" already exists' in failed.stderr
    assert "2026_b/migration.sql, line 4" in failed.stderr
    assert "ALTER TABLE a\n    ADD COLUMN b int" in failed.stderr
    assert (project.has("a"), project.has("c")) == (True, False)
    assert project.execute(LEDGER) == [("2026_a", True, False, 1), ("2026_b", False, True, 0)]

    project.write("2026_b", "CREATE TABLE c (d int);")
    project.deploy().check_returncode()
    assert project.has("c")
    assert project.execute(LEDGER)[-1] == ("2026_b", True, False, 1)


def test_litellm_reads_the_failure(project: Project) -> None:
    project.write("2026_a", "CREATE TABLE a (b int);")
    project.write("2026_b", "CREATE TABLE a (b int);")
    stderr = project.deploy().stderr
    assert ProxyExtrasDBManager._v2_failed_migration_name(stderr) == "2026_b"  # noqa: SLF001  what LiteLLM runs
    assert ProxyExtrasDBManager._is_idempotent_error(stderr)  # noqa: SLF001
    project.write("2026_b", "SELECT 1/0;")
    assert not ProxyExtrasDBManager._is_idempotent_error(project.deploy().stderr)  # noqa: SLF001


def test_what_does_not_run_in_a_transaction_goes_on_where_it_stopped(project: Project) -> None:
    good = "CREATE TABLE a (b int);\nCREATE INDEX CONCURRENTLY i ON a (b);\n"
    project.write("2026_a", good + "CREATE INDEX CONCURRENTLY j ON a (nope);\nCREATE TABLE c (d int);\n")
    failed = project.deploy()
    assert "2026_a/migration.sql, line 3" in failed.stderr
    assert "its first 2 statements are applied" in failed.stderr
    assert (project.has("i"), project.has("c")) == (True, False)

    project.write("2026_a", good + "CREATE INDEX CONCURRENTLY j ON a (b);\nCREATE TABLE c (d int);\n")
    project.deploy().check_returncode()
    assert (project.has("j"), project.has("c")) == (True, True)
    assert project.execute(LEDGER) == [("2026_a", False, True, 2), ("2026_a", True, False, 1)]


def test_a_file_with_transactions_of_its_own_is_counted_by_them(project: Project) -> None:
    project.write("2026_a", "BEGIN; CREATE TABLE a (); COMMIT;\nBEGIN; CREATE TABLE b (); SELECT 1/0; COMMIT;")
    assert "its first 3 statements are applied" in project.deploy().stderr
    assert (project.has("a"), project.has("b")) == (True, False)
    project.write("2026_a", "BEGIN; CREATE TABLE a (); COMMIT;\nBEGIN; CREATE TABLE b (); SELECT 1; COMMIT;")
    project.deploy().check_returncode()
    assert project.has("b")


def test_a_changed_file_is_a_warning(project: Project) -> None:
    project.write("2026_a", "CREATE TABLE a (b int);")
    project.deploy().check_returncode()
    project.write("2026_a", "CREATE TABLE a (b text);")
    again = project.deploy()
    assert again.returncode == 0
    assert "modified since they were applied:\n2026_a" in again.stderr


def test_an_unknown_outcome_stops_until_it_is_resolved(project: Project) -> None:
    project.write("2026_a", "CREATE TABLE a (b int);")
    project.deploy().check_returncode()
    project.write("2026_b", "CREATE TABLE b (c int);")
    project.execute(
        "INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at) "
        "VALUES ('x', 'y', '2026_b', '2026-01-02 03:04:05.000006+00')"
    )
    stopped = project.deploy()
    assert "P3009" in stopped.stderr
    name = ProxyExtrasDBManager._v2_failed_migration_name(stopped.stderr)  # noqa: SLF001  what LiteLLM runs
    started = ProxyExtrasDBManager._v2_failed_migration_started_at(stopped.stderr, "2026_b")  # noqa: SLF001
    assert (name, started) == ("2026_b", "2026-01-02 03:04:05.000006 UTC")
    assert "marked as rolled back" in project.run("migrate", "resolve", "--rolled-back", "2026_b").stdout
    project.deploy().check_returncode()
    assert project.has("b")


def test_resolving_tells_why_it_cannot(project: Project) -> None:
    project.write("2026_a", "CREATE TABLE a (b int);")
    project.write("2026_b", "SELECT 1/0;")
    assert project.deploy().returncode == 1
    for arguments, code in (
        (("--applied", "2026_a"), "P3008"),
        (("--applied", "2026_z"), "P3017"),
        (("--rolled-back", "2026_z"), "P3011"),
        (("--rolled-back", "2026_a"), "P3012"),
    ):
        refused = project.run("migrate", "resolve", *arguments)
        assert (refused.returncode, refused.stderr.split()[:2]) == (1, ["Error:", code])
    assert (
        "is already recorded as applied in the database."
        in project.run("migrate", "resolve", "--applied", "2026_a").stderr
    )
    project.run("migrate", "resolve", "--applied", "2026_b").check_returncode()
    assert "No pending migrations" in project.deploy().stdout


def test_tables_of_unknown_origin_are_left_alone(project: Project) -> None:
    project.write("2026_a", "CREATE TABLE a (b int);")
    project.postgres.execute("postgres", f'CREATE DATABASE "{project.database}"')
    project.execute("CREATE TABLE mine (b int)")
    assert "P3005" in project.deploy().stderr
    assert not project.has("_prisma_migrations")


def test_migrations_at_once_take_turns(project: Project, migrate: Deploy) -> None:
    project.write("2026_a", "CREATE TABLE a (b int); SELECT pg_sleep(0.5);")
    project.postgres.execute("postgres", f'CREATE DATABASE "{project.database}"')
    with psycopg.connect(project.url) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(72707369)")
        held = project.deploy()
    # LiteLLM goes on waiting where it reads both.
    assert "P1002" in held.stderr
    assert "advisory lock" in held.stderr
    project.deploy().check_returncode()


def test_the_rest_of_the_command_line_is_refused_in_words(project: Project) -> None:
    for arguments in (
        ("migrate", "diff", "--from-url", "postgresql://u:secret@h/d"),
        ("db", "push"),
        ("migrate", "dev"),
        (),
    ):
        refused = project.run(*arguments)
        assert refused.returncode == 1
        assert "INFERSPECT_PRISMA_ENGINE=native" in refused.stderr
        assert "secret" not in refused.stderr


def test_an_unreachable_database_is_told_without_its_password(project: Project) -> None:
    project.url = "postgresql://u:secret@127.0.0.1:1/d"
    failed = project.deploy()
    assert "P1001" in failed.stderr
    assert "secret" not in failed.stdout + failed.stderr
