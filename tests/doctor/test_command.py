"""``inferspect doctor`` as a person or a program calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from inferspect.launcher.ports import free_port

ROOT = Path(__file__).parents[2]


def doctor(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "inferspect", "doctor", *options],
        cwd=ROOT,
        env={**os.environ, "PORT": str(free_port()), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_ends_with_0_where_nothing_is_wrong() -> None:
    ran = doctor()
    assert ran.returncode == 0, ran.stdout
    assert "0 error(s)" in ran.stdout


def test_it_ends_with_1_and_the_remedy_where_something_is_wrong() -> None:
    ran = doctor(INFERSPECT_CONFIG="nowhere.yaml")
    assert ran.returncode == 1
    assert "the file does not exist" in ran.stdout
    assert "-> correct each line" in ran.stdout


def test_json_has_every_result() -> None:
    ran = doctor("--json")
    results = json.loads(ran.stdout)
    assert {"name", "level", "message", "remedy"} == results[0].keys()
    assert len(results) > 10


def test_it_does_not_import_litellm() -> None:
    """Importing LiteLLM or the Prisma client takes longer than a person waits for a diagnosis."""
    program = (
        "import sys; from inferspect.doctor import Examination, examine; examine(Examination());"
        "sys.exit(bool({'litellm', 'prisma'} & sys.modules.keys()))"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert ran.returncode == 0


def test_settings_are_shown_with_their_origin_and_without_secrets(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("inferspect: {events: {ship_batch: 7, ship_every: 3}, log: {level: error}}\n")
    ran = doctor(
        "--settings",
        "--json",
        INFERSPECT_CONFIG=str(config),
        INFERSPECT_EVENTS__SHIP_EVERY="2",
        INFERSPECT_LOG='{"format": "text"}',
        LITELLM_MASTER_KEY="sk-very-s3cr3t-key",
        DATABASE_URL="postgresql://user:s3cr3t@db.example:5432/x?password=s3cr3t",
    )
    shown = {setting["name"]: (setting["value"], setting["origin"]) for setting in json.loads(ran.stdout)}
    assert shown["events.ship_every"] == (2.0, "environment")
    assert shown["events.ship_batch"] == (7, "file")
    assert shown["events.settle_after"] == (15.0, "default")
    assert shown["log.format"] == ("text", "environment")
    assert shown["LITELLM_MASTER_KEY"] == ("(hidden)", "environment")
    assert shown["DATABASE_URL"] == ("postgresql://(hidden)@db.example:5432/x?(hidden)", "environment")
    assert "s3cr3t" not in ran.stdout


def test_a_value_that_was_refused_is_not_shown_as_being_in_force() -> None:
    shown = {setting["name"]: setting for setting in json.loads(doctor("--settings", "--json", PORT="abc").stdout)}
    assert (shown["PORT"]["value"], shown["PORT"]["origin"]) == (4000, "default")


def test_settings_of_an_invalid_configuration_are_refused_with_its_problems() -> None:
    ran = doctor("--settings", INFERSPECT_CONFIG="nowhere.yaml")
    assert ran.returncode == 1
    assert "the file does not exist" in ran.stderr
