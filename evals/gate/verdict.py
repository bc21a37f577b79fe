"""The verdict over a whole run, and the exit code that tells it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from evals.gate.baseline import Baselines, Entry
from evals.gate.comparison import FAILING, FAILING_IF_STRICT, Change, Fate, compare, with_fewer_passes
from evals.gate.drift import Drift, drifts
from evals.suites.results import Identity, SuiteResult


class Outcome(IntEnum):
    """Exit codes of ``inferspect eval run``."""

    WELL = 0
    FAILED = 1
    WRONG_INPUT = 2
    ERROR = 3


@dataclass(frozen=True, slots=True)
class Rules:
    """What fails the gate.

    Attributes:
        compare: with the baseline; without, every case that does not pass fails.
        whole: all cases were run.
        strict: removed cases and known failures fail as well.
        latency: so does drift of latency.
        accept: the run becomes the baseline, so nothing of it fails but what may stand in no result.
    """

    compare: bool = True
    whole: bool = True
    strict: bool = False
    latency: bool = False
    accept: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of a run.

    Attributes:
        without_baseline: suites that have none yet.
    """

    results: tuple[SuiteResult, ...]
    changes: tuple[Change, ...]
    drifts: tuple[Drift, ...]
    without_baseline: tuple[str, ...]
    rules: Rules

    @property
    def outcome(self) -> Outcome:
        """Errors before failures: a run that saw only a part must not be read as a verdict on the whole."""
        if not self.results or any(result.errors for result in self.results):
            return Outcome.ERROR
        if any(result.leaks for result in self.results):
            return Outcome.FAILED
        return Outcome.FAILED if any(True for _ in self.failures()) else Outcome.WELL

    def failures(self) -> Iterator[Change | Drift]:
        """What fails the gate, errors and keys in results apart."""
        if self.rules.accept:
            return
        failing = FAILING | (FAILING_IF_STRICT if self.rules.strict else frozenset())
        yield from (change for change in self.changes if change.fate in failing)
        yield from (drift for drift in self.drifts if drift.worse and (drift.metric != "latency" or self.rules.latency))

    def warnings(self) -> Iterator[Change | Drift]:
        """What a person should know of and does not fail the gate."""
        failing = set(self.failures())
        told: frozenset[Fate] = FAILING_IF_STRICT | FAILING | {"fixed"}
        yield from (change for change in self.changes if change.fate in told and change not in failing)
        yield from (drift for drift in self.drifts if drift.worse and drift not in failing)

    def count(self, suite: str) -> Counter[Fate]:
        """Cases of a suite by their fate."""
        return Counter(change.fate for change in self.changes if change.suite == suite)


def judge(results: Sequence[SuiteResult], baselines: Baselines, rules: Rules) -> Verdict:
    """Compare a run with the baseline.

    Raises:
        BaselineError: a stored baseline is wrong.
    """
    entries: dict[str, dict[Identity, Entry] | None] = {
        result.suite: baselines.read(result.suite) if rules.compare else None for result in results
    }
    changes = [
        change
        for result in results
        for change in compare(result, entries[result.suite], whole=rules.whole, baselines=rules.compare)
    ]
    changes = with_fewer_passes(changes, results, entries)
    shared = {result.suite: (known, result.cases) for result in results if (known := entries[result.suite])}
    lacking = [suite for suite, known in entries.items() if known is None and rules.compare]
    return Verdict(tuple(results), tuple(changes), tuple(drifts(shared)), tuple(lacking), rules)
