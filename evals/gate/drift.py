"""Drift of a suite's score, cost and latency over the cases that this run and the baseline share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from evals.gate.baseline import Entry
from evals.gate.statistics import paired_increase, significant
from evals.suites.results import CaseResult, Identity

Metric = Literal["score", "cost", "latency"]
LEAST_EFFECT: Mapping[Metric, float] = {"score": 0.1, "cost": 0.2, "latency": 0.5}  # of the baseline's mean
LEAST_MILLISECONDS = 20.0  # of a mean latency: less is the machine's mood


@dataclass(frozen=True, slots=True)
class Drift:
    """How one figure of one suite moved.

    Attributes:
        before: mean of the cases in the baseline; US dollars, milliseconds, or 0 to 1.
        after: mean of the same cases now.
        p: how likely so much change for the worse is by chance.
        worse: it is significant, and large enough to matter.
    """

    suite: str
    metric: Metric
    before: float
    after: float
    cases: int
    p: float
    worse: bool = False

    @property
    def change(self) -> float:
        """Relative to before: 0.2 is a fifth more."""
        return (self.after - self.before) / self.before if self.before else 0.0

    def __str__(self) -> str:
        units = {"score": ("{:.3f}", ""), "cost": ("${:.6f}", " a run"), "latency": ("{:.0f} ms", " a run")}
        shape, per = units[self.metric]
        moved = f"{shape.format(self.before)} to {shape.format(self.after)}{per}, {self.change:+.0%}"
        return f"{self.metric} from {moved} over {self.cases} cases (p = {self.p:.2g})"


Shared = Sequence[tuple[Entry, CaseResult]]


def drifts(suites: Mapping[str, tuple[Mapping[Identity, Entry], Iterable[CaseResult]]]) -> list[Drift]:
    """The figures of all suites with a baseline, tested as one family: Holm's correction is over all of them."""
    found = [drift for suite, (entries, cases) in suites.items() for drift in _of(suite, _shared(entries, cases))]
    verdicts = significant([drift.p for drift in found])
    return [
        Drift(one.suite, one.metric, one.before, one.after, one.cases, one.p, worse=worse and _matters(one))
        for one, worse in zip(found, verdicts, strict=True)
    ]


def _shared(entries: Mapping[Identity, Entry], cases: Iterable[CaseResult]) -> Shared:
    return [(entries[case.identity], case) for case in cases if case.identity in entries and not case.errors]


def _of(suite: str, shared: Shared) -> Iterator[Drift]:
    scores = [
        (old, new) for entry, case in shared if (old := entry.score) is not None and (new := case.score) is not None
    ]
    if scores:
        before, after = [old for old, _ in scores], [new for _, new in scores]
        p = paired_increase([-score for score in before], [-score for score in after])
        yield Drift(suite, "score", fmean(before), fmean(after), len(scores), p)
    costs = [(old, new) for entry, case in shared if (old := entry.cost) and (new := case.cost)]
    if costs:
        yield _ratio(suite, "cost", costs)
    latencies = [(entry.latency, case.latency) for entry, case in shared if entry.latency and case.latency]
    if latencies:
        yield _ratio(suite, "latency", latencies)


def _ratio(suite: str, metric: Metric, pairs: Sequence[tuple[float, float]]) -> Drift:
    """Ratios are compared by their logarithms, so that a dear case does not outweigh the others."""
    before, after = [old for old, _ in pairs], [new for _, new in pairs]
    p = paired_increase([math.log(old) for old in before], [math.log(new) for new in after])
    return Drift(suite, metric, fmean(before), fmean(after), len(pairs), p)


def _matters(drift: Drift) -> bool:
    change = -drift.change if drift.metric == "score" else drift.change
    if drift.metric == "latency" and drift.after - drift.before < LEAST_MILLISECONDS:
        return False
    return change >= LEAST_EFFECT[drift.metric]
