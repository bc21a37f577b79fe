"""Schedules over a real store, with a program in place of Deepchecks that is quick."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from evals.reports.artefacts import Artefacts
from evals.reports.schedule import Scheduler
from inferspect.settings import Settings, settings_from
from inferspect.store.engine import engine_of
from inferspect.tenancy.lookup import TenantLookup


@pytest.fixture
async def engine(store_url: str) -> AsyncIterator[AsyncEngine]:
    """A store, with LiteLLM's table of teams, and three of them."""
    made = engine_of(store_url, pool_size=5)
    async with made.begin() as connection:
        await connection.execute(text('CREATE TABLE "LiteLLM_TeamTable" (team_id text PRIMARY KEY, metadata jsonb)'))
        await connection.execute(text("INSERT INTO \"LiteLLM_TeamTable\" VALUES ('acme'), ('globex'), ('initech')"))
    yield made
    await made.dispose()


class Quick:
    """The program that is quick, and what it was given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.python = folder / "python"
        source = (Path(__file__).parent / "quick_program.py").read_text(encoding="utf-8")
        self.python.write_text(f"#!{sys.executable}\n{source}", encoding="utf-8")
        self.python.chmod(0o755)

    def set(self, name: str, *, there: bool = True) -> None:
        (self.folder / name).touch() if there else (self.folder / name).unlink()

    @property
    def runs(self) -> list[tuple[str, list[str]]]:
        file = self.folder / "runs"
        return [tuple(json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def quick(tmp_path: Path) -> Quick:
    return Quick(tmp_path / "quick")


@pytest.fixture
def settings(quick: Quick) -> Callable[..., Settings]:
    """Settings of a schedule."""

    def make(*schedule: dict[str, Any], **reports: Any) -> Settings:
        told = {"python": quick.python, "settle": "0s", "history": "4d", "schedule": schedule, **reports}
        return settings_from({"reports": told})

    return make


@pytest.fixture
def midnight() -> datetime:
    """The last one: it stays, though another passes during the test."""
    return today()


@pytest.fixture
def scheduler(
    engine: AsyncEngine, tmp_path: Path, midnight: datetime, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Settings], Scheduler]:
    """A process that makes scheduled reports, as far as its rounds go; for it, it is always the same hour."""

    async def now(_connection: AsyncConnection) -> datetime:
        return midnight + timedelta(hours=8)

    monkeypatch.setattr("evals.reports.schedule._now", now)

    def make(made: Settings) -> Scheduler:
        artefacts = Artefacts(str(tmp_path / "artefacts"))
        return Scheduler(engine, TenantLookup(engine, {}), made, artefacts, tmp_path / "work")

    return make


async def reports(engine: AsyncEngine, columns: str = "*") -> list[dict[str, Any]]:
    """All rows, the oldest windows first."""
    query = f"SELECT {columns} FROM inferspect.reports ORDER BY tenant_id, suite, window_start, revision"  # noqa: S608
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(text(query))).mappings()]


def today() -> datetime:
    """Midnight, as windows of days begin."""
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
