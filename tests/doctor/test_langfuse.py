"""What the doctor says about projects of Langfuse, against a double of it and a real database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from inferspect.doctor import Examination, Level
from inferspect.doctor.langfuse import UNKNOWN, check_langfuse
from inferspect.testing.langfuse import LangfuseCollector

PUBLIC, SECRET = "pk-lf-doctor", "sk-lf-" + "doctor"
OWN_PUBLIC, OWN_SECRET = "pk-lf-own", "sk-lf-" + "own"


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BASE_URL", "HOST", "PUBLIC_KEY", "SECRET_KEY"):
        monkeypatch.delenv(f"LANGFUSE_{name}", raising=False)


@pytest.fixture(scope="module")
def langfuse() -> Iterator[LangfuseCollector]:
    with LangfuseCollector(keys={PUBLIC: SECRET, OWN_PUBLIC: OWN_SECRET}) as running:
        yield running


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, langfuse: LangfuseCollector) -> pytest.MonkeyPatch:
    langfuse.reset()
    monkeypatch.setenv("LANGFUSE_HOST", langfuse.url)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", PUBLIC)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", SECRET)
    return monkeypatch


def test_nothing_configured_is_well(patient: Examination) -> None:
    """Nobody is asked."""
    assert check_langfuse(patient).level is Level.OK
    assert check_langfuse(patient).message.startswith("not configured")


def test_a_project_is_named(patient: Examination, keys: pytest.MonkeyPatch, langfuse: LangfuseCollector) -> None:
    """The keys work, and one sees whose they are."""
    result = check_langfuse(patient)
    assert (result.level, result.message) == (Level.OK, f"project {PUBLIC} at {langfuse.url}; {UNKNOWN}")


def test_wrong_keys_are_told_from_a_server_that_is_away(
    patient: Examination, keys: pytest.MonkeyPatch, langfuse: LangfuseCollector
) -> None:
    """Each has a remedy of its own, and no key is told."""
    keys.setenv("LANGFUSE_SECRET_KEY", "sk-lf-" + "wrong")
    wrong = check_langfuse(patient)
    assert (wrong.level, wrong.message) == (Level.WARNING, f"{langfuse.url} refuses the keys (401); traces wait")
    keys.setenv("LANGFUSE_HOST", "http://127.0.0.1:1")
    away = check_langfuse(patient)
    assert (away.level, away.message) == (Level.WARNING, "http://127.0.0.1:1 cannot be reached: ConnectError")
    assert "wrong" not in wrong.message + wrong.remedy + away.message + away.remedy


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("error-404", "is no Langfuse: it answers 404"),
        ("redirect-http://127.0.0.1:1/", "is no Langfuse: it answers 302"),
    ],
)
def test_another_server_is_no_langfuse(
    patient: Examination, keys: pytest.MonkeyPatch, langfuse: LangfuseCollector, command: str, message: str
) -> None:
    """Something answers, but it is not what the address should lead to."""
    langfuse.behave(command)
    assert message in check_langfuse(patient).message


def test_half_of_the_keys_is_a_warning(patient: Examination, keys: pytest.MonkeyPatch) -> None:
    """Traces would wait for the other; so is a wrong address."""
    keys.delenv("LANGFUSE_SECRET_KEY")
    assert check_langfuse(patient).message == "os.environ/LANGFUSE_SECRET_KEY is not set"
    keys.setenv("LANGFUSE_SECRET_KEY", SECRET)
    keys.setenv("LANGFUSE_HOST", "127.0.0.1")
    assert check_langfuse(patient).message.startswith("LANGFUSE_HOST must be an address")


def test_switched_off_is_well(patient: Examination, keys: pytest.MonkeyPatch, langfuse: LangfuseCollector) -> None:
    """Whatever keys there are, nobody is asked."""
    keys.setenv("INFERSPECT_LANGFUSE__ENABLED", "false")
    assert check_langfuse(patient).message == "switched off by langfuse.enabled"
    assert langfuse.requests == 0


@pytest.fixture
def default_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, langfuse: LangfuseCollector) -> None:
    """A project for all tenants, by the default rules; its keys are still to be set."""
    rules = {"public_key": "os.environ/OPERATOR_PUBLIC", "secret_key": "os.environ/OPERATOR_SECRET"}
    content = {"inferspect": {"default_rules": {"observation": {"langfuse": {"host": langfuse.url, **rules}}}}}
    file = tmp_path / "litellm_config.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    monkeypatch.setenv("INFERSPECT_CONFIG", str(file))
    for name in ("OPERATOR_PUBLIC", "OPERATOR_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("default_rules")
def test_what_the_default_rules_name_must_be_there(patient: Examination) -> None:
    """No tenant's traces would arrive."""
    result = check_langfuse(patient)
    assert (result.level, result.message) == (Level.ERROR, "default rules: os.environ/OPERATOR_PUBLIC is not set")
    assert "default_rules.observation.langfuse" in result.remedy


@pytest.mark.usefixtures("default_rules")
def test_keys_of_the_default_rules_are_tried(
    patient: Examination, monkeypatch: pytest.MonkeyPatch, langfuse: LangfuseCollector
) -> None:
    """They are those that requests are traced with, whatever the settings have."""
    monkeypatch.setenv("OPERATOR_PUBLIC", PUBLIC)
    monkeypatch.setenv("OPERATOR_SECRET", "wrong")
    wrong = check_langfuse(patient)
    assert wrong.level is Level.WARNING
    assert wrong.message == f"default rules: {langfuse.url} refuses the keys (401); traces wait"
    monkeypatch.setenv("OPERATOR_SECRET", SECRET)
    assert check_langfuse(patient).message.startswith(f"default rules: project {PUBLIC} at {langfuse.url}")


@pytest.fixture
def teams(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[psycopg.Connection[Any]]:
    """LiteLLM's table of teams, empty, in the database that the doctor looks into."""
    monkeypatch.setenv("DATABASE_URL", postgres)
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute('CREATE TABLE "LiteLLM_TeamTable" (team_id text PRIMARY KEY, metadata jsonb NOT NULL)')
        yield connection
        connection.execute('DROP TABLE "LiteLLM_TeamTable"')


def add_team(teams: psycopg.Connection[Any], team_id: str, **langfuse: Any) -> None:
    metadata = {"inferspect": {"observation": {"langfuse": langfuse}}}
    teams.execute('INSERT INTO "LiteLLM_TeamTable" VALUES (%s, %s)', (team_id, json.dumps(metadata)))


def test_tenants_projects_are_tried_and_named(
    patient: Examination, keys: pytest.MonkeyPatch, langfuse: LangfuseCollector, teams: psycopg.Connection[Any]
) -> None:
    """Each with the keys that its rules lead to; whose do not work is told, and no key."""
    for name, public, secret in (("ONE", OWN_PUBLIC, OWN_SECRET), ("TWO", OWN_PUBLIC, "sk-lf-" + "wrong")):
        keys.setenv(f"LANGFUSE_{name}_PUBLIC_KEY", public)
        keys.setenv(f"LANGFUSE_{name}_SECRET_KEY", secret)
    references = {
        name: {
            "public_key": f"os.environ/LANGFUSE_{name}_PUBLIC_KEY",
            "secret_key": f"os.environ/LANGFUSE_{name}_SECRET_KEY",
        }
        for name in ("ONE", "TWO", "THREE")
    }
    add_team(teams, "one", **references["ONE"])
    add_team(teams, "plain", sample_rate=0.5)
    assert check_langfuse(patient).message == (
        f"project {PUBLIC} at {langfuse.url}; tenant one: project {OWN_PUBLIC} at {langfuse.url}"
    )
    add_team(teams, "two", **references["TWO"])
    add_team(teams, "three", **references["THREE"])
    add_team(teams, "thief", **references["ONE"])
    result = check_langfuse(patient)
    assert result.level is Level.WARNING
    assert result.message.splitlines() == [
        "tenant thief: os.environ/LANGFUSE_ONE_PUBLIC_KEY is not in inferspect.langfuse.tenant_secrets for this tenant",
        "tenant three: os.environ/LANGFUSE_THREE_PUBLIC_KEY is not set",
        f"tenant two: {langfuse.url} refuses the keys (401); traces wait",
    ]
    assert "wrong" not in result.message + result.remedy
