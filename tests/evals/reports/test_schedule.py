"""Every response falls into exactly one evaluated window of each suite."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from evals.reports.schedule import Scheduler
from inferspect.settings import Settings
from inferspect.store.reports.reports import tenants_with_responses
from tests.evals.reports.conftest import Quick, reports, today
from tests.evals.reports.planting import plant, responses

DAY = timedelta(days=1)
Make = Callable[..., Settings]
Run = Callable[[Settings], Scheduler]
DAILY = {"suite": "responses", "every": "1d", "baseline": None}


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(row["id"] for row in rows)


def evaluated(quick: Quick) -> list[str]:
    return sorted(each for _, given in quick.runs for each in given)


async def test_each_response_is_of_one_window(
    engine: AsyncEngine, settings: Make, scheduler: Run, quick: Quick, midnight: datetime
) -> None:
    """Also those on the boundary; a day without any is noted and not looked at; today is not over yet."""
    start = midnight - 4 * DAY
    rows = [*responses(20, start, 2 * DAY), *responses(5, start + 3 * DAY, DAY, seed=2)]
    rows[0]["occurred_at"], rows[1]["occurred_at"] = start, start + DAY
    await plant(engine, rows)
    await plant(engine, responses(3, midnight, timedelta(seconds=1), seed=3))
    made = scheduler(settings(DAILY))
    assert await made.round() == 4
    assert await made.round() == 0
    found = await reports(engine, "window_start, responses, status, revision")
    assert [each["window_start"] for each in found] == [start + number * DAY for number in range(4)]
    assert [each["status"] for each in found] == ["passed", "passed", "empty", "passed"]
    assert sum(each["responses"] for each in found) == 25
    assert evaluated(quick) == ids(rows)


async def test_tenants_and_suites_go_their_own_way(
    engine: AsyncEngine, settings: Make, scheduler: Run, midnight: datetime
) -> None:
    """The oldest windows first, whosever they are; tenants that are not named are left alone."""
    start = midnight - 2 * DAY
    for tenant in ("acme", "globex", "initech"):
        await plant(engine, responses(6, start, 2 * DAY, tenant, seed=len(tenant)))
    hourly = {"suite": "prompts", "every": "12h", "baseline": None, "tenants": ["acme"]}
    assert await scheduler(settings({**DAILY, "tenants": ["acme", "globex"]}, hourly, history="2d")).round() == 8
    found = await reports(engine, "tenant_id, suite, window_start, created_at")
    assert {(each["tenant_id"], each["suite"]) for each in found} == {
        ("acme", "responses"), ("globex", "responses"), ("acme", "prompts"),
    }  # fmt: skip
    in_order = sorted(found, key=lambda each: each["created_at"])
    starts = [each["window_start"] for each in in_order]
    assert starts == sorted(starts)


async def test_what_comes_late_has_its_window_evaluated_again(
    engine: AsyncEngine, settings: Make, scheduler: Run, quick: Quick, midnight: datetime
) -> None:
    """As its next revision, which has every response of the window once; what comes too late is left."""
    start = midnight - 3 * DAY
    rows = responses(6, start, 3 * DAY)
    await plant(engine, rows)
    made = scheduler(settings(DAILY, late="2d", history="3d"))
    assert await made.round() == 3
    late = responses(2, start + DAY, DAY, seed=9)
    await plant(engine, [*late, *responses(2, start, DAY, seed=10)])
    assert await made.round() == 1
    assert await made.round() == 0
    found = await reports(engine, "window_start, revision, responses")
    assert [(each["window_start"], each["revision"], each["responses"]) for each in found] == [
        (start, 1, 2), (start + DAY, 1, 2), (start + DAY, 2, 4), (start + 2 * DAY, 1, 2),
    ]  # fmt: skip
    assert set(ids(late)) < set(quick.runs[-1][1])


async def test_a_tenant_that_comes_later_begins_early_enough(
    engine: AsyncEngine, settings: Make, scheduler: Run, quick: Quick, midnight: datetime
) -> None:
    """What its first responses were sent before, out of a spool, is evaluated as well."""
    start = midnight - 4 * DAY
    await plant(engine, responses(4, start, 4 * DAY))
    made = scheduler(settings(DAILY))
    await made.round()
    newcomer = responses(3, midnight - DAY, DAY, "globex", seed=2)
    await plant(engine, newcomer)
    await made.round()
    earlier = responses(2, start + DAY, DAY, "globex", seed=3)
    await plant(engine, earlier)
    await made.round()
    found = [each for each in await reports(engine) if each["tenant_id"] == "globex"]
    last = {each["window_start"]: each["responses"] for each in found}
    assert last == {start: 0, start + DAY: 2, start + 2 * DAY: 0, start + 3 * DAY: 3}
    given = [each for title, got in quick.runs if title.endswith("globex") for each in got]
    assert sorted(given) == ids([*newcomer, *earlier])


async def test_a_tenant_that_was_deleted_is_left_once_all_it_had_is_evaluated(
    engine: AsyncEngine, settings: Make, scheduler: Run, quick: Quick, midnight: datetime
) -> None:
    """Else each scratch tenant of a run of suites would have a report a window for ever."""
    start = midnight - 4 * DAY
    rows = responses(4, start, 2 * DAY, "eval-pii-1")
    for tenant in ("acme", "default"):
        await plant(engine, responses(2, start, DAY, tenant, seed=len(tenant)))
    await plant(engine, rows)
    made = scheduler(settings(DAILY))
    assert await made.round() == 2 + 4 + 4
    late = responses(2, start, DAY, "eval-pii-1", seed=9)
    await plant(engine, late)
    assert await made.round() == 1
    found = [each for each in await reports(engine) if each["tenant_id"] == "eval-pii-1"]
    assert [each["window_start"] - start for each in found] == [0 * DAY, 0 * DAY, DAY]
    after_all = responses(1, start + 3 * DAY, DAY, "eval-pii-1", seed=10)
    await plant(engine, after_all)
    assert await made.round() == 2
    given = {each for title, got in quick.runs if title.endswith("eval-pii-1") for each in got}
    assert sorted(given) == ids([*rows, *late, *after_all])


async def test_a_tenant_that_is_named_is_left_too_once_deleted(
    engine: AsyncEngine, settings: Make, scheduler: Run, midnight: datetime
) -> None:
    """By the same rule as all others."""
    await plant(engine, responses(2, midnight - 4 * DAY, DAY, "gone"))
    assert await scheduler(settings({**DAILY, "tenants": ["gone"]})).round() == 1


async def test_a_tenant_of_which_nothing_can_come_any_more_is_not_looked_at(
    engine: AsyncEngine, settings: Make, scheduler: Run, midnight: datetime
) -> None:
    """Though its scores and reports are kept much longer: ten thousand of them would take a round each."""
    await plant(engine, responses(2, midnight - 4 * DAY, DAY, "gone"))
    await scheduler(settings(DAILY, late="1d")).round()
    async with engine.connect() as connection:
        since = midnight - 4 * DAY
        assert await tenants_with_responses(connection, "responses", since, midnight - 2 * DAY) == []
        assert await tenants_with_responses(connection, "responses", since, midnight - 4 * DAY) == ["gone"]
        assert await tenants_with_responses(connection, "strict", since, midnight) == ["gone"]


async def test_a_length_that_changes_leaves_no_gap(
    engine: AsyncEngine, settings: Make, scheduler: Run, quick: Quick, midnight: datetime
) -> None:
    """Windows go on where the last one ended."""
    start = midnight - 3 * DAY
    rows = responses(12, start, DAY)
    await plant(engine, rows)
    await scheduler(settings(DAILY, settle="2d", history="3d")).round()
    more = responses(12, start + DAY, 2 * DAY, seed=2)
    await plant(engine, more)
    await scheduler(settings({**DAILY, "every": "6h"}, history="3d")).round()
    found = await reports(engine, "window_start, window_end")
    assert all(one["window_end"] == other["window_start"] for one, other in pairwise(found))
    assert found[-1]["window_end"] >= midnight
    assert evaluated(quick) == ids([*rows, *more])


async def test_a_report_that_cannot_be_made_holds_up_no_other(
    engine: AsyncEngine, settings: Make, scheduler: Run, quick: Quick, midnight: datetime
) -> None:
    """It is noted with its reason, told as an event, and tried again later."""
    start = midnight - 2 * DAY
    await plant(engine, responses(4, start, 2 * DAY))
    made = scheduler(settings(DAILY, history="2d"))
    quick.set("fail")
    assert await made.round() == 2
    assert await made.round() == 0
    assert [each["status"] for each in await reports(engine)] == ["error", "error"]
    assert all("out of luck\ufffd" in each["reason"] for each in await reports(engine))
    quick.set("fail", there=False)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE inferspect.reports SET created_at = now() - interval '2 hours'"))
        kinds = await connection.execute(text("SELECT kind, score FROM inferspect.quality_events"))
        assert {tuple(row) for row in kinds} == {("report.error", "responses")}
    assert await made.round() == 2
    found = await reports(engine, "revision, status, responses")
    assert [tuple(each.values()) for each in found] == [(1, "error", 0), (2, "passed", 2)] * 2


async def test_a_score_that_is_no_number_holds_up_no_other_window(
    engine: AsyncEngine, settings: Make, scheduler: Run, midnight: datetime
) -> None:
    """A window that can never be read is no reason to look at none after it."""
    rows = responses(4, midnight - 2 * DAY, 2 * DAY)
    rows[0]["scores"]["Relevance"] = "high"
    await plant(engine, rows)
    assert await scheduler(settings(DAILY, history="2d")).round() == 2
    assert [each["status"] for each in await reports(engine)] == ["error", "passed"]


async def test_what_nobody_foresaw_holds_up_no_other_window(
    engine: AsyncEngine, settings: Make, scheduler: Run, quick: Quick, midnight: datetime
) -> None:
    """It is noted as any report that cannot be made."""
    await plant(engine, responses(4, midnight - 2 * DAY, 2 * DAY))
    quick.set("odd")
    assert await scheduler(settings(DAILY, history="2d")).round() == 2
    found = await reports(engine, "status, reason")
    assert [tuple(each.values()) for each in found] == [("error", "KeyError: 'conditions'")] * 2


@pytest.mark.parametrize("said", ["\ud800", "\0"])
async def test_texts_that_no_file_can_hold_hold_up_no_window(
    engine: AsyncEngine, settings: Make, scheduler: Run, said: str, midnight: datetime
) -> None:
    """Whoever sent them, and whoever answered so."""
    rows = responses(4, midnight - 2 * DAY, 2 * DAY, question=f"Why {said}?", answer=f"As {said}.")
    for row, hashed in zip(rows, ("a", "a", "b", "b"), strict=True):
        row["content_hash"] = hashed
    await plant(engine, rows)
    assert await scheduler(settings({**DAILY, "baseline": "1d"}, history="2d")).round() == 2
    assert [each["status"] for each in await reports(engine)] == ["passed", "passed"]


async def test_a_tenant_that_is_named_twice_is_looked_at_once(
    engine: AsyncEngine, settings: Make, scheduler: Run, midnight: datetime
) -> None:
    await plant(engine, responses(4, midnight - 2 * DAY, 2 * DAY))
    assert await scheduler(settings({**DAILY, "tenants": ["acme", "acme"]}, history="2d")).round() == 2
    assert [each["revision"] for each in await reports(engine)] == [1, 1]


async def test_a_failed_condition_is_an_event(
    engine: AsyncEngine, settings: Make, scheduler: Run, quick: Quick, midnight: datetime
) -> None:
    """With its figure and limit, once."""
    await plant(engine, responses(4, midnight - DAY, DAY))
    quick.set("bad")
    made = scheduler(settings(DAILY, history="1d"))
    await made.round()
    await made.round()
    async with engine.connect() as connection:
        columns = "tenant_id, kind, score, mean, most, responses, window_seconds"
        found = await connection.execute(text(f"SELECT {columns} FROM inferspect.quality_events"))  # noqa: S608
        assert [tuple(row) for row in found] == [("acme", "report.failed", "bad", 1.0, 0.5, 4, 86400.0)]


async def test_an_artefact_store_that_is_away_leaves_the_window_open(
    engine: AsyncEngine, settings: Make, scheduler: Run, tmp_path: Path, midnight: datetime
) -> None:
    """Nothing is written, and the next round makes the report."""
    await plant(engine, responses(4, midnight - DAY, DAY))
    (tmp_path / "artefacts").write_text("no folder")
    made = scheduler(settings(DAILY, history="1d"))
    assert await made.round() == 0
    assert await reports(engine) == []
    (tmp_path / "artefacts").unlink()
    assert await made.round() == 1
    (found,) = await reports(engine)
    assert Path(found["artefact"].removeprefix("file://")).read_text() == "<!DOCTYPE html>"


async def test_old_reports_go_with_their_artefacts(
    engine: AsyncEngine, settings: Make, scheduler: Run, tmp_path: Path, midnight: datetime
) -> None:
    """As long after their window as events are kept; the last of a tenant stays, as the next begins there."""
    from evals.reports.artefacts import Artefacts  # noqa: PLC0415
    from evals.reports.retention import forget_old  # noqa: PLC0415
    from inferspect.tenancy.lookup import TenantLookup  # noqa: PLC0415

    await plant(engine, responses(6, midnight - 3 * DAY, 3 * DAY))
    await scheduler(settings(DAILY, history="3d")).round()
    assert len(list((tmp_path / "artefacts").rglob("report.html"))) == 3
    artefacts = Artefacts(str(tmp_path / "artefacts"))
    assert await forget_old(engine, TenantLookup(engine, {}), artefacts, 1) == 2
    assert len(list((tmp_path / "artefacts").rglob("report.html"))) == 1
    assert [each["window_end"] for each in await reports(engine)] == [midnight]


@pytest.mark.parametrize("kills", [4])
async def test_a_process_that_is_killed_loses_and_doubles_nothing(
    engine: AsyncEngine, store_url: str, quick: Quick, tmp_path: Path, kills: int
) -> None:
    """Killed at any point, again and again: windows are neither skipped nor doubled, and no child is left."""
    end = today()
    start = end - 4 * DAY
    rows = responses(48, start, 4 * DAY)
    await plant(engine, rows)
    told = {"python": str(quick.python), "settle": "0s", "history": "5d", "schedule": [{**DAILY, "every": "4h"}]}
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"inferspect": {"reports": told}}), encoding="utf-8")
    home = tmp_path / "home"
    environment = {
        **os.environ,
        "DATABASE_URL": store_url,
        "INFERSPECT_CONFIG": str(config),
        "INFERSPECT_HOME": str(home),
    }
    command = [sys.executable, "-m", "inferspect", "eval", "schedule"]
    quick.set("hold")
    for _ in range(kills):
        before = len(quick.runs)
        process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        while len(quick.runs) == before:
            assert process.poll() is None
            await asyncio.sleep(0.05)
        children = psutil.Process(process.pid).children(recursive=True)
        quick.set("hold", there=False)
        await asyncio.sleep(0.1 * (before % 3))
        quick.set("hold")
        process.kill()
        process.wait()
        psutil.wait_procs(children)
    quick.set("hold", there=False)
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    columns = "window_start, revision, responses, artefact"
    while not (found := await reports(engine, columns)) or found[-1]["window_start"] < end - DAY / 6:
        assert process.poll() is None
        await asyncio.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    found = [each for each in found if start <= each["window_start"] < end]
    assert [each["revision"] for each in found] == [1] * 24
    assert [each["window_start"] for each in found] == [start + number * DAY / 6 for number in range(24)]
    assert sum(each["responses"] for each in found) == 48
    assert all(Path(each["artefact"].removeprefix("file://")).is_file() for each in found)
    assert set(evaluated(quick)) == set(ids(rows))
    assert list((home / "run" / "reports").iterdir()) == []
