"""The figures of each suite that table, page and Markdown show alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evals.gate.comparison import Change
from evals.gate.drift import Drift
from evals.gate.verdict import Outcome, Verdict
from evals.suites.results import SuiteResult

TITLES = ("suite", "cases", "passed", "failed", "errors", "regressed", "fixed", "new", "removed", "cost", "seconds")
OUTCOMES = {
    Outcome.WELL: "passed",
    Outcome.FAILED: "failed",
    Outcome.ERROR: "not run to the end: errors",
    Outcome.WRONG_INPUT: "wrong input",
}
KEY_REMOVED = "a key was written into this file, and removed from there"


@dataclass(frozen=True, slots=True)
class Row:
    """One suite; ``cells`` are in the order of ``TITLES``."""

    suite: str
    outcome: Outcome
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """Something to say of one case or figure."""

    suite: str
    kind: str
    subject: str
    reason: str


def rows(verdict: Verdict) -> list[Row]:
    return [_row(verdict, result) for result in verdict.results]


def errors(verdict: Verdict) -> Iterator[Line]:
    for result in verdict.results:
        if result.problem is not None:
            yield Line(result.suite, "error", "the suite", result.problem)
    yield from (_line(change) for change in verdict.changes if change.fate == "error")


def failures(verdict: Verdict) -> Iterator[Line]:
    for result in verdict.results:
        for name in result.leaks:
            yield Line(result.suite, "key", name, KEY_REMOVED)
    yield from map(_line, verdict.failures())


def warnings(verdict: Verdict) -> Iterator[Line]:
    yield from map(_line, verdict.warnings())


def total_cost(verdict: Verdict) -> str:
    return dollars(sum(result.cost for result in verdict.results))


def dollars(cost: float) -> str:
    return f"${cost:.4f}" if cost else "-"


def _row(verdict: Verdict, result: SuiteResult) -> Row:
    counts = verdict.count(result.suite)
    failing = {line.suite for line in failures(verdict)}
    outcome = Outcome.ERROR if result.errors else Outcome.FAILED if result.suite in failing else Outcome.WELL
    figures = (
        len(result.cases),
        sum(case.passed for case in result.cases),
        sum(not case.passed and not case.errors for case in result.cases),
        result.errors,
        counts["regressed"],
        counts["fixed"],
        counts["new"] + counts["new failing"],
        counts["removed"],
    )
    cells = (result.suite, *map(str, figures), dollars(result.cost), f"{result.seconds:.1f}")
    return Row(result.suite, outcome, cells)


def _line(one: Change | Drift) -> Line:
    if isinstance(one, Change):
        return Line(one.suite, one.fate, str(one.identity), one.reason)
    return Line(one.suite, "drift", one.metric, str(one))
