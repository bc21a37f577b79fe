"""What the commands need: configuration, database, artefacts; imported only when one runs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import typer
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from evals.reports.artefacts import ArtefactError, Artefacts
from evals.reports.evaluation import Evaluation, NoBaselineError, Order, made, prompt_files
from evals.reports.program import ProgramError
from evals.reports.suite import find_suite
from evals.reports.windows import Window
from evals.work_folder import work_folder
from inferspect.configuration import Configuration, load_configuration
from inferspect.launcher.home import LaunchError
from inferspect.launcher.running_database import running_database
from inferspect.logs import without_secrets
from inferspect.settings import LaunchSettings
from inferspect.store.engine import engine_of
from inferspect.store.reports.reports import write_report
from inferspect.tenancy.lookup import TenantLookup

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.observation.reports import ReportSettings
    from inferspect.store.reports.baselines import Baseline
    from inferspect.store.reports.reports import ReportRow

FAILED = (ProgramError, ArtefactError, LaunchError, SQLAlchemyError, psycopg.Error, OSError)
CONNECTIONS = 3


@dataclass(frozen=True, slots=True)
class Place:
    """Where reports of this installation are made and kept."""

    configuration: Configuration
    engine: AsyncEngine
    tenants: TenantLookup
    artefacts: Artefacts
    folder: Path

    @property
    def evaluation(self) -> Evaluation:
        """What makes them."""
        settings = self.configuration.settings.reports
        return Evaluation(self.engine, self.tenants, settings, self.artefacts, self.folder)


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    """The place that the environment and the configuration name.

    Raises:
        LaunchError: there is no database.
        ConfigurationError: the configuration is wrong.
        ArtefactError: the artefact store cannot be used.
    """
    launch = LaunchSettings()
    configuration = load_configuration(launch.inferspect_config)
    engine = engine_of(running_database(launch), pool_size=CONNECTIONS, pool_pre_ping=True)
    try:
        tenants = TenantLookup(engine, configuration.default_rules)
        artefacts = Artefacts(artefact_root(configuration.settings.reports, launch))
        yield Place(configuration, engine, tenants, artefacts, work_place(launch))
    finally:
        await engine.dispose()


def artefact_root(settings: ReportSettings, launch: LaunchSettings) -> str:
    """The folder or URL that reports are kept in."""
    return settings.artefacts or str((launch.inferspect_home / "reports").absolute())


def work_place(launch: LaunchSettings) -> Path:
    """The folder that work in progress lies in."""
    return launch.inferspect_home.absolute() / "run" / "reports"


async def report_of(tenant: str, suite: str, length: timedelta, until: datetime | None, **wanted: Any) -> ReportRow:
    """Make a report of the time of that length until then, or until now, and store it.

    Raises:
        NoBaselineError: there are no responses to look at.
    """
    async with place() as here:
        end = until or await _now(here.engine)
        window = Window(end - length, end)
        row = await here.evaluation.make(Order(tenant, suite, window, **wanted))
        if row.status == "empty":
            raise NoBaselineError(f"the tenant {tenant!r} has no responses from {window}")
        async with here.engine.begin() as connection:
            await write_report(connection, row)
        return row


async def report_of_prompts(suite: str, prompts: Path, output: Path | None) -> tuple[dict[str, Any], str]:
    """Make a report that needs no responses; what it says, and where it is."""
    launch = LaunchSettings()
    settings = load_configuration(launch.inferspect_config).settings.reports
    found_suite, folder_of_suite = find_suite(suite, settings.suites)
    with work_folder(work_place(launch)) as folder:
        (folder / "responses.csv").write_text("id\n", encoding="utf-8")
        checks = found_suite.jobs(folder_of_suite, [])
        facts = {"prompts": str(prompts)}
        job = {**prompt_files(prompts, folder), "title": suite, "facts": facts, "checks": checks}
        found = await made(job, folder, settings)
        if output is not None:
            kept = Artefacts(str(output))
            url = [kept.put(folder / "output" / name, name) for name in ("report.json", "report.html")][-1]
        else:
            kept = Artefacts(artefact_root(settings, launch))
            when = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
            urls = [kept.put(folder / "output" / n, "prompts", suite, when, n) for n in ("report.json", "report.html")]
            url = urls[-1]
    return found, url


async def saved_baseline(tenant: str, name: str, length: timedelta, until: datetime | None) -> Baseline:
    """Save the time of that length until then, or until now, as a baseline."""
    async with place() as here:
        end = until or await _now(here.engine)
        return await here.evaluation.save(tenant, name, Window(end - length, end))


def needs_responses(suite: str) -> bool:
    """Whether the suite looks at responses.

    Raises:
        ConfigurationError: the suite or the configuration is wrong.
    """
    settings = load_configuration(LaunchSettings().inferspect_config).settings.reports
    return find_suite(suite, settings.suites)[0].needs_responses


def print_report(head: str, found: dict[str, Any], where: str | None) -> None:
    """Print the conditions that failed, how many did not, and where the report is."""
    for condition in found["conditions"]:
        if condition["status"] == "failed":
            typer.echo(f"failed: {condition['name']}: {condition['message']}")
    counts = f"{found['passed']} passed, {found['failed']} failed, {found['not_run']} not run"
    typer.echo(f"{head}: {counts}" + (f"\n{where}" if where else ""))


def as_json(row: ReportRow) -> str:
    """The row of a report."""
    return json.dumps(asdict(row), default=str)


def first_lines(error: Exception) -> str:
    """What an error says, without secrets."""
    return without_secrets(str(error)).strip()


async def _now(engine: AsyncEngine) -> datetime:
    async with engine.connect() as connection:
        now: datetime = (await connection.execute(text("SELECT now()"))).scalar_one()
    return now
