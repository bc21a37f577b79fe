"""Runs the checks of a job and writes what they found, as HTML for a person and as JSON for the store."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import deepchecks
from deepchecks.core import CheckFailure, CheckResult
from deepchecks.core.checks import BaseCheck
from deepchecks.core.errors import DeepchecksBaseError
from deepchecks.core.suite import SuiteResult
from deepchecks.tabular import Dataset, TrainTestCheck

from evals.deepchecks.building import checks_of
from evals.deepchecks.checks.base import ComparisonCheck, WindowCheck
from evals.deepchecks.condition import FigureResult, plain
from evals.deepchecks.job import Job, read_job
from evals.deepchecks.responses import Responses, read_responses

# Nothing is fetched, whatever stands in the page.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; worker-src blob:"
)
TAG = re.compile(r"<[^>]+>")
ADVERTISING = re.compile(r"\?utm_[^\"' >]*")
Outcome: TypeAlias = CheckResult | CheckFailure


def make_report(responses: Path, suite: Path, output: Path) -> None:
    """Write ``report.html`` and ``report.json`` into ``output``.

    Raises:
        JobError: the input is wrong.
    """
    job = read_job(suite)
    read = read_responses(responses, job)
    checks = [check for each in job.checks for check in checks_of(each, read)]
    outcomes = [_run(check, read) for check in checks]
    output.mkdir(parents=True, exist_ok=True)
    _write_html(output / "report.html", job, outcomes)
    found = _summary(job, read, outcomes)
    (output / "report.json").write_text(json.dumps(found, indent=1, ensure_ascii=False), encoding="utf-8")


def _run(check: BaseCheck, responses: Responses) -> Outcome:
    """What a check found; one that fails keeps no other from running."""
    try:
        if isinstance(check, WindowCheck):
            return _finished(check, check.run_logic(None, None))
        if isinstance(check, ComparisonCheck):
            return _finished(check, check.run_logic(None))
        if isinstance(check, TrainTestCheck):
            baseline = _dataset(responses.compared, responses)
            return check.run(baseline, _dataset(responses.window, responses))
        return check.run(_dataset(responses.window, responses))
    except Exception as error:  # noqa: BLE001  told in the report
        return CheckFailure(check, error)


def _finished(check: BaseCheck, result: CheckResult) -> CheckResult:
    result.check = check
    result.process_conditions()
    return result


def _dataset(table: Any, responses: Responses) -> Dataset:
    columns = [*responses.numbers, *responses.categories]
    return Dataset(table[columns], cat_features=list(responses.categories))


def _write_html(file: Path, job: Job, outcomes: Sequence[Outcome]) -> None:
    facts = [f"<b>{html.escape(name)}</b>: {html.escape(value)}" for name, value in job.facts.items()]
    title = html.escape(job.title)
    file.unlink(missing_ok=True)  # Deepchecks would choose another name
    SuiteResult(title, list(outcomes), facts).save_as_html(str(file), as_widget=False, requirejs=False)
    page = ADVERTISING.sub("", file.read_text(encoding="utf-8"))
    head = (
        f'<head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    )
    page = "<!DOCTYPE html>\n" + page.lstrip().replace('<head><meta charset="utf-8"/>', head, 1)
    file.write_text(page, encoding="utf-8")


def _summary(job: Job, responses: Responses, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    conditions = [found for outcome in outcomes for found in _conditions(outcome)]
    statuses = [each["status"] for each in conditions]
    return {
        "title": job.title,
        "facts": dict(job.facts),
        "deepchecks": deepchecks.__version__,
        "responses": len(responses.window),
        "baseline_responses": None if responses.baseline is None else len(responses.baseline),
        "passed": statuses.count("passed"),
        "failed": statuses.count("failed"),
        "not_run": statuses.count("not run"),
        "conditions": conditions,
    }


def _conditions(outcome: Outcome) -> Iterator[dict[str, Any]]:
    check = outcome.check.name()
    if isinstance(outcome, CheckFailure):
        error = outcome.exception
        not_run = isinstance(error, DeepchecksBaseError)
        message = plain(str(error)) if not_run else f"cannot be run: {type(error).__name__}: {error}"
        names = [condition.name for condition in outcome.check._conditions.values()] or [check]  # noqa: SLF001
        for name in names:
            yield _condition(check, name, "not run" if not_run else "failed", message)
        return
    for result in outcome.conditions_results:
        if isinstance(result, FigureResult):
            figure = result.figure
            status = "not run" if figure.passed is None else "passed" if figure.passed else "failed"
            message = plain(figure.message)
            finite = figure.value if figure.value is not None and math.isfinite(figure.value) else None
            column = None if figure.column is None else plain(figure.column)
            found = {"column": column, "value": finite, "threshold": figure.threshold}
            yield _condition(check, result.name, status, message) | found
        else:
            message = plain(TAG.sub("", result.details))
            yield _condition(check, result.name, "passed" if result.is_pass() else "failed", message)


def _condition(check: str, name: str, status: str, message: str) -> dict[str, Any]:
    told = {"name": plain(name), "check": check, "status": status, "message": message}
    return told | {"column": None, "value": None, "threshold": None}
