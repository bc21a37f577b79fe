"""The cases of a suite as one run takes them: repeated, filtered, each knowing which case it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from evals.suites.suite import Case, Suite

MARK = "inferspect"


def chosen(suite: Suite, text: str | None) -> tuple[Case, ...]:
    """The cases whose name or description holds a text, whatever its case; all where there is none."""
    return tuple(case for case in suite.cases if text is None or _has(case, text.casefold()))


def _has(case: Case, text: str) -> bool:
    told = (case.name, str(case.test.get("description", "")))  # a name is the id where there is one
    return any(text in one.casefold() for one in told)


def runs_of(case: Case, at_least: int) -> int:
    return max(case.repeat, at_least)


def write_tests(cases: Sequence[Case], at_least: int, path: Path) -> None:
    """Write the tests that Promptfoo runs in place of those that the configuration names.

    It knows repetition for all tests of a run only, so a repeated case is there several times.
    """
    path.write_text(json.dumps(list(_tests(cases, at_least)), ensure_ascii=False), encoding="utf-8")


def _tests(cases: Sequence[Case], at_least: int) -> Iterator[dict[str, Any]]:
    for number, case in enumerate(cases):
        for run in range(1, runs_of(case, at_least) + 1):
            metadata = {**(case.test.get("metadata") or {}), MARK: {"case": number, "run": run}}
            yield {**case.test, "metadata": metadata}
