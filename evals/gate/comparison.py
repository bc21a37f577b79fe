"""What became of each case since the baseline: regressed, fixed, new, removed, or as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from evals.gate.baseline import Entry
from evals.gate.statistics import fewer_passes, significant
from evals.suites.results import CaseResult, Identity, SuiteResult

Fate = Literal["passed", "fixed", "new", "regressed", "new failing", "still failing", "failed", "error", "removed"]
FAILING: frozenset[Fate] = frozenset({"regressed", "new failing", "failed"})
FAILING_IF_STRICT: frozenset[Fate] = frozenset({"still failing", "removed"})
ENOUGH_RUNS = 5  # on both sides, for a share of passes to be compared


@dataclass(frozen=True, slots=True)
class Change:
    """One case, and why it has come to this."""

    suite: str
    identity: Identity
    fate: Fate
    reason: str = ""


def compare(
    result: SuiteResult, entries: Mapping[Identity, Entry] | None, *, whole: bool = True, baselines: bool = True
) -> list[Change]:
    """The cases of a suite that was run, and those of its baseline that are gone.

    Args:
        entries: the baseline; every case is new without one.
        whole: the run took all cases, so that those it lacks are removed ones.
        baselines: compare at all; a case that does not pass has failed otherwise.
    """
    changes = [
        Change(result.suite, case.identity, _fate(case, (entries or {}).get(case.identity), baselines), case.reason)
        for case in result.cases
    ]
    if whole and entries and result.problem is None:
        ran = {case.identity for case in result.cases}
        changes += [
            Change(result.suite, identity, "removed", "in the baseline, not in the suite")
            for identity in sorted(entries)
            if identity not in ran
        ]
    return changes


def _fate(case: CaseResult, entry: Entry | None, baselines: bool) -> Fate:
    if case.errors:
        return "error"
    if not baselines:
        return "passed" if case.passed else "failed"
    if entry is None:
        return "new" if case.passed else "new failing"
    if case.passed:
        return "passed" if entry.passed else "fixed"
    return "regressed" if entry.passed else "still failing"


def with_fewer_passes(
    changes: Sequence[Change], results: Iterable[SuiteResult], entries: Mapping[str, Mapping[Identity, Entry] | None]
) -> list[Change]:
    """Cases of a run that keep their threshold and pass less often than before, beyond chance, have regressed as well.

    Args:
        entries: the baselines by suite. All cases are one family of tests.
    """
    compared = {
        (result.suite, case.identity): (entry, case)
        for result in results
        for case in result.cases
        if (entry := (entries.get(result.suite) or {}).get(case.identity)) is not None
        and min(entry.runs, len(case.runs)) >= ENOUGH_RUNS
    }
    p_values = [
        fewer_passes(entry.passes, entry.runs, case.passes, len(case.runs)) for entry, case in compared.values()
    ]
    worse = {key for key, found in zip(compared, significant(p_values), strict=True) if found}
    return [
        replace(one, fate="regressed", reason=_shares(*compared[one.suite, one.identity]))
        if one.fate == "passed" and (one.suite, one.identity) in worse
        else one
        for one in changes
    ]


def _shares(entry: Entry, case: CaseResult) -> str:
    return f"passed {case.passes} of {len(case.runs)} runs, {entry.passes} of {entry.runs} in the baseline"
