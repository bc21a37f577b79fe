"""``inferspect eval report`` and ``baseline`` as a person calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.evals.reports.conftest import Quick, reports
from tests.evals.reports.planting import plant, responses

DAY = timedelta(days=1)
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(store_url: str, quick: Quick, tmp_path: Path) -> Command:
    """Runs the command with the quick program."""
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"inferspect": {"reports": {"python": str(quick.python)}}}), encoding="utf-8")
    home = str(tmp_path / "home")
    environment = {**os.environ, "DATABASE_URL": store_url, "INFERSPECT_CONFIG": str(config), "INFERSPECT_HOME": home}

    def run(*arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
        whole = [sys.executable, "-m", "inferspect", "eval", *arguments]
        return subprocess.run(
            whole, env={**environment, **changed}, cwd=tmp_path, capture_output=True, text=True, check=False
        )

    return run


async def test_a_report_is_made_stored_and_copied(
    engine: AsyncEngine, command: Command, quick: Quick, tmp_path: Path, midnight: datetime
) -> None:
    """The exit code tells whether a condition failed."""
    await plant(engine, responses(7, midnight - DAY, DAY))
    window = ("--window", "1d", "--until", midnight.isoformat(), "--baseline", "7d")
    wanted = ("report", "--tenant", "acme", *window, "--output", "out")
    good = command(*wanted)
    assert (good.returncode, good.stderr) == (0, "")
    assert "7 responses: 1 passed, 0 failed, 0 not run" in good.stdout
    assert (tmp_path / "out" / "report.html").is_file()
    quick.set("bad")
    bad = command(*wanted, "--json")
    assert bad.returncode == 1
    assert json.loads(bad.stdout)["conditions"][1]["name"] == "bad"
    found = await reports(engine, "scheduled, status, window_end")
    assert sorted((each["scheduled"], each["status"]) for each in found) == [(False, "failed"), (False, "passed")]
    assert {each["window_end"] for each in found} == {midnight}


async def test_a_baseline_is_saved_and_named(engine: AsyncEngine, command: Command, midnight: datetime) -> None:
    await plant(engine, responses(7, midnight - DAY, DAY))
    saved = command("baseline", "save", "spring", "--tenant", "acme", "--window", "2d", "--until", midnight.isoformat())
    assert saved.stdout.startswith("7 responses are kept as spring\n")
    made = command("report", "--tenant", "acme", "--baseline", "spring", "--until", midnight.isoformat())
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["report"], "name a tenant with --tenant"),
        (["report", "--tenant", "nobody"], "the tenant 'nobody' has no responses from"),
        (["report", "--tenant", "acme", "--window", "soon"], "'soon' must be a duration such as"),
        (["report", "--tenant", "acme", "--window", "0s"], "longer than nothing"),
        (["report", "--tenant", "acme", "--until", "noon"], "'noon' is no time"),
        (["report", "--tenant", "acme", "--suite", "none"], "there is no such suite"),
        (["report", "--tenant", "acme", "--baseline", "a b"], "the name of a saved baseline"),
        (["report", "--tenant", "acme", "--baseline", "autumn"], "no baseline 'autumn'"),
        (["report", "--suite", "prompts", "--prompts", "none"], "there is no folder none"),
        (["baseline", "save", "7d", "--tenant", "acme"], "is a duration"),
        (["baseline", "save", "spring", "--tenant", "nobody"], "has no responses"),
    ],
)
async def test_wrong_input_is_told_with_status_2(
    engine: AsyncEngine, command: Command, arguments: list[str], told: str
) -> None:
    """And never passes for a good report."""
    done = command(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


async def test_a_report_that_cannot_be_made_is_no_pass(
    engine: AsyncEngine, command: Command, quick: Quick, midnight: datetime
) -> None:
    """Status 3, for Deepchecks as for the database."""
    await plant(engine, responses(7, midnight - DAY, DAY))
    quick.set("fail")
    wanted = ("report", "--tenant", "acme", "--until", midnight.isoformat())
    failed = command(*wanted)
    assert (failed.returncode, "out of luck" in failed.stderr) == (3, True)
    away: Any = command(*wanted, DATABASE_URL="postgresql://u:hidden@127.0.0.1:1/none")
    assert (away.returncode, "hidden" in away.stderr, "Traceback" in away.stderr) == (3, False, False)


@pytest.mark.parametrize(
    ("changed", "status", "said"),
    [
        ({}, 3, "`reports.schedule` names no suite; see docs/deepchecks.md"),
        ({"DATABASE_URL": ""}, 3, "No gateway runs with the data folder"),
        ({"INFERSPECT_CONFIG": "absent.yaml"}, 2, "absent.yaml: 1 problem(s)"),
    ],
)
async def test_a_schedule_that_cannot_be_kept_says_why(
    engine: AsyncEngine, command: Command, changed: dict[str, str], status: int, said: str
) -> None:
    """To the terminal, though what is printed later is for the log."""
    done = command("schedule", **changed)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith(f"inferspect: {said}")


def test_prompts_need_neither_tenant_nor_database(command: Command, quick: Quick, tmp_path: Path) -> None:
    """Where cases and examples are all that is looked at."""
    (tmp_path / "promptfoo" / "prompts").mkdir(parents=True)
    done = command("report", "--suite", "prompts", "--output", "out", DATABASE_URL="")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "report.html").is_file()
    assert quick.runs == [("prompts", [])]
