"""Makes one report: reads the responses, has Deepchecks look through them, keeps what it wrote."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evals.reports.artefacts import ArtefactError, Artefacts
from evals.reports.limits import limits_of, read_limits
from evals.reports.program import ProgramError, deepchecks_python, run_program
from evals.reports.prompts import write_cases, write_examples
from evals.reports.reading import Reader, reading
from evals.reports.suite import Suite, find_suite
from evals.reports.windows import Window
from evals.work_folder import work_folder
from inferspect.observation.reports import read_baseline
from inferspect.store.reports.baselines import Baseline, find_baseline, names_of_baselines, save_baseline
from inferspect.store.reports.reports import ReportRow

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.observation.reports import ReportSettings
    from inferspect.tenancy.lookup import TenantLookup

RESPONSES, BASELINE = "responses.csv", "baseline.csv.gz"
PROMPTS_OF_QUESTIONS = 5  # of so many questions one prompt is looked at for conflicting answers
WRITTEN = ("report.html", "report.json")


class NoBaselineError(Exception):
    """There is no baseline of that name; the message tells which there are."""


@dataclass(frozen=True, slots=True)
class Order:
    """A report that is wanted.

    Attributes:
        baseline: see :func:`inferspect.observation.reports.read_baseline`.
        prompts: folder of prompts and prompt suites, for checks of those.
        output: folder that gets a copy of the report.
    """

    tenant: str
    suite: str
    window: Window
    baseline: str | None
    revision: int = 1
    scheduled: bool = False
    prompts: Path | None = None
    output: Path | None = None


class Evaluation:
    """Makes reports. ``folder`` is where its work lies in the meantime."""

    def __init__(
        self,
        engine: AsyncEngine,
        tenants: TenantLookup,
        settings: ReportSettings,
        artefacts: Artefacts,
        folder: Path,
    ) -> None:
        self._engine = engine
        self._tenants = tenants
        self._settings = settings
        self._artefacts = artefacts
        self._folder = folder

    async def make(self, order: Order) -> ReportRow:
        """The report, its files kept, its row not written yet.

        Raises:
            ConfigurationError: the suite or the file of limits is wrong.
            NoBaselineError: see there.
            ProgramError: Deepchecks failed.
            ArtefactError: the report cannot be kept.
            psycopg.Error, sqlalchemy.exc.SQLAlchemyError: the database is away.
        """
        suite, folder_of_suite = find_suite(order.suite, self._settings.suites)
        rules = await self._tenants.rules_of(order.tenant)
        limits = limits_of(rules.observation.quality, read_limits(self._settings.limits), order.tenant)
        with work_folder(self._folder) as folder:
            files, responses = await self._read(order, suite, folder)
            if not responses:
                return _row(order, responses)
            facts = self._facts(order, responses)
            job = {"title": f"{suite.name}: {order.tenant}", "facts": facts, "show_texts": self._settings.show_texts}
            job |= {**files, "checks": suite.jobs(folder_of_suite, limits)}
            found = await made(job, folder, self._settings)
            artefact = await asyncio.to_thread(self._keep, order, folder / "output")
        return _row(order, responses, found, artefact)

    async def save(self, tenant: str, name: str, window: Window) -> Baseline:
        """Put the figures of a window aside under a name, in place of an earlier one of that name.

        Raises:
            NoBaselineError: the window has no responses.
            ArtefactError: they cannot be kept.
        """
        with work_folder(self._folder) as folder:
            file = folder / BASELINE
            async with reading(self._engine.url, tenant) as reader:
                names = await reader.names(window)
                responses = await reader.write_rows(window, names, self._settings.most_responses, file)
            if not responses:
                raise NoBaselineError(f"the tenant {tenant!r} has no responses from {window}")
            digest = await asyncio.to_thread(_digest, file)
            place = ("baselines", tenant, name, f"{digest[:16]}.csv.gz")
            artefact = await asyncio.to_thread(self._artefacts.put, file, *place)
        saved = Baseline(tenant, name, window.start, window.end, responses, artefact, digest)
        async with self._engine.begin() as connection:
            before = await save_baseline(connection, saved)
        if before not in {None, artefact}:
            await asyncio.to_thread(self._artefacts.delete, before)
        return saved

    async def _read(self, order: Order, suite: Suite, folder: Path) -> tuple[dict[str, str], int]:
        """Files for the program, by what they are, and how many responses the window has."""
        most, texts = self._settings.most_responses, self._settings.most_texts
        baseline = None if order.baseline is None else read_baseline(order.baseline)
        before = order.window.before(baseline) if isinstance(baseline, timedelta) else None
        files: dict[str, str] = {}
        if isinstance(baseline, str):
            await self._fetch(order.tenant, baseline, folder / BASELINE)
            files["baseline"] = BASELINE
        async with reading(self._engine.url, order.tenant) as reader:
            if not await reader.count(order.window):
                return files, 0
            names = await reader.names(*filter(None, (order.window, before)))
            responses = await reader.write_rows(order.window, names, most, folder / RESPONSES)
            if before is not None and await reader.write_rows(before, names, most, folder / BASELINE):
                files["baseline"] = BASELINE
            if responses and texts:
                files |= await self._texts(reader, order, suite, before, folder)
        if order.prompts is not None and suite.has("leakage"):
            files |= prompt_files(order.prompts, folder)
        return files, responses

    async def _texts(
        self, reader: Reader, order: Order, suite: Suite, before: Window | None, folder: Path
    ) -> dict[str, str]:
        most, files = self._settings.most_texts, {}
        if suite.has("drift") and before is not None:
            parts = {"window": order.window, "baseline": before}
            if await reader.write_questions(parts, most, folder / "questions.csv"):
                files["questions"] = "questions.csv"
        if suite.has("conflicts"):
            await reader.write_answers(order.window, most // PROMPTS_OF_QUESTIONS, folder / "answers.csv")
            files["answers"] = "answers.csv"
        return files

    async def _fetch(self, tenant: str, name: str, file: Path) -> None:
        async with self._engine.connect() as connection:
            found = await find_baseline(connection, tenant, name)
            known = await names_of_baselines(connection, tenant)
        if found is None:
            there = f"there are: {', '.join(known)}" if known else "none is saved"
            raise NoBaselineError(f"the tenant {tenant!r} has no baseline {name!r}; {there}")
        await asyncio.to_thread(self._artefacts.get, found.artefact, file)
        if await asyncio.to_thread(_digest, file) != found.sha256:
            raise ArtefactError(f"{found.artefact} is not what was saved; save the baseline {name!r} again")

    def _facts(self, order: Order, responses: int) -> dict[str, str]:
        most = self._settings.most_responses
        sample = f", of which an even sample of {most} is looked at" if responses > most else ""
        facts = {"tenant": order.tenant, "window": str(order.window), "responses": f"{responses}{sample}"}
        return facts | ({"baseline": order.baseline} if order.baseline else {})

    def _keep(self, order: Order, output: Path) -> str:
        window = order.window
        kind = f"r{order.revision}" if order.scheduled else f"once-{secrets.token_hex(4)}"
        place = ("reports", order.tenant, order.suite, f"{window.start:%Y%m%dT%H%M%SZ}-{kind}")
        if order.output is not None:
            order.output.mkdir(parents=True, exist_ok=True)
            for name in WRITTEN:
                shutil.copyfile(output / name, order.output / name)
        urls = [self._artefacts.put(output / name, *place, name) for name in WRITTEN]
        return urls[0]


async def made(job: Mapping[str, Any], folder: Path, settings: ReportSettings) -> dict[str, Any]:
    """What ``report.json`` says of a job whose files are in ``folder``.

    Raises:
        ProgramError: it could not be made.
    """
    python = deepchecks_python(settings.python)
    (folder / "suite.json").write_text(json.dumps(job), encoding="utf-8")
    await run_program(python, folder, settings.deadline)
    try:
        found: dict[str, Any] = json.loads((folder / "output" / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProgramError(f"Deepchecks wrote no report: {error}") from error
    return found


def prompt_files(prompts: Path, folder: Path) -> dict[str, str]:
    """Files of examples and cases.

    Raises:
        ConfigurationError: a file of cases cannot be read.
    """
    write_examples(prompts, folder / "examples.csv")
    write_cases(prompts, folder / "cases.csv")
    return {"examples": "examples.csv", "cases": "cases.csv"}


def _row(
    order: Order, responses: int, found: Mapping[str, Any] | None = None, artefact: str | None = None
) -> ReportRow:
    conditions: Sequence[dict[str, Any]] = [] if found is None else found["conditions"]
    return ReportRow(
        tenant_id=order.tenant,
        suite=order.suite,
        window_start=order.window.start,
        window_end=order.window.end,
        revision=order.revision,
        scheduled=order.scheduled,
        status="empty" if found is None else "failed" if found["failed"] else "passed",
        responses=responses,
        baseline=order.baseline,
        baseline_responses=None if found is None else found["baseline_responses"],
        passed=0 if found is None else found["passed"],
        failed=0 if found is None else found["failed"],
        not_run=0 if found is None else found["not_run"],
        conditions=list(conditions),
        artefact=artefact,
    )


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
