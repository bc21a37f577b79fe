"""``summary.json``: the run for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from evals.gate.baseline import entry_of
from evals.gate.verdict import Verdict
from evals.suites.results import SuiteResult


def record(verdict: Verdict, model: str, when: datetime, notes: Sequence[str]) -> dict[str, Any]:
    return {
        "outcome": verdict.outcome.name.lower(),
        "exit_code": int(verdict.outcome),
        "model": model,
        "started_at": when.isoformat(timespec="seconds"),
        "cost": sum(result.cost for result in verdict.results),
        "suites": [_suite(verdict, result) for result in verdict.results],
        "without_baseline": list(verdict.without_baseline),
        "notes": list(notes),
    }


def _suite(verdict: Verdict, result: SuiteResult) -> dict[str, Any]:
    return {
        "suite": result.suite,
        "problem": result.problem,
        "leaks": list(result.leaks),
        "seconds": round(result.seconds, 2),
        "cost": result.cost,
        "cases": list(_cases(verdict, result)),
        "drift": [
            {
                "metric": drift.metric,
                "before": drift.before,
                "after": drift.after,
                "change": drift.change,
                "cases": drift.cases,
                "p": drift.p,
                "worse": drift.worse,
            }
            for drift in verdict.drifts
            if drift.suite == result.suite
        ],
    }


def _cases(verdict: Verdict, result: SuiteResult) -> Iterator[dict[str, Any]]:
    ran = {case.identity: case for case in result.cases}
    for change in verdict.changes:
        if change.suite != result.suite:
            continue
        told: dict[str, Any] = {
            "case": change.identity.case,
            "prompt": change.identity.prompt,
            "provider": change.identity.provider,
        }
        told |= {"fate": change.fate, "reason": change.reason}
        if (case := ran.get(change.identity)) is not None:
            told |= {"errors": case.errors, **entry_of(case).model_dump(exclude={"case", "prompt", "provider"})}
        yield told
