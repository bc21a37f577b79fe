"""Results and entries made by hand, for the tests of the gate."""

from __future__ import annotations

from collections.abc import Sequence

from evals.gate.baseline import Entry, entry_of
from evals.suites.results import CaseResult, Identity, Run, SuiteResult

PROMPT, PROVIDER = "support", "gateway"


def case(
    name: str,
    passes: Sequence[bool] = (True,),
    *,
    threshold: float = 1.0,
    scores: Sequence[float] | None = None,
    cost: float | None = 0.001,
    latency: float = 100.0,
    error: str | None = None,
) -> CaseResult:
    """A case with one run for each of ``passes``."""
    runs = [
        Run(passed, float(passed) if scores is None else scores[number], cost, latency, error, "" if passed else "no")
        for number, passed in enumerate(passes)
    ]
    return CaseResult(Identity(name, PROMPT, PROVIDER), threshold, tuple(runs))


def suite(*cases: CaseResult, name: str = "support", problem: str | None = None) -> SuiteResult:
    return SuiteResult(name, cases, 1.0, problem)


def entries(*cases: CaseResult) -> dict[Identity, Entry]:
    """The baseline that these cases would leave."""
    return {one.identity: entry_of(one) for one in cases}
