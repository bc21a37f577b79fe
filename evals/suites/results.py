"""What a run found, by case; errors and failures are not the same."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean, stdev

LONGEST_REASON = 300


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """What makes a case the same in two runs: the order of its parts is that of the baseline."""

    case: str
    prompt: str
    provider: str

    def __str__(self) -> str:
        return " · ".join(part for part in (self.case, self.prompt, self.provider) if part)


@dataclass(frozen=True, slots=True)
class Run:
    """One answer and what the assertions said of it.

    Attributes:
        score: 0 to 1.
        cost: US dollars; ``None`` where the gateway told none.
        latency: milliseconds.
        error: why there is no answer, or no verdict.
        reason: why it did not pass.
    """

    passed: bool
    score: float
    cost: float | None
    latency: float
    error: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CaseResult:
    """All runs of one case with one prompt and provider."""

    identity: Identity
    pass_threshold: float
    runs: tuple[Run, ...]

    @property
    def passes(self) -> int:
        return sum(run.passed for run in self.runs)

    @property
    def errors(self) -> int:
        return sum(run.error is not None for run in self.runs)

    @property
    def passed(self) -> bool:
        return not self.errors and self.passes >= self.pass_threshold * len(self.runs) - 1e-9

    @property
    def score(self) -> float | None:
        """Mean of the runs that passed, so that it says how well and not how often; ``None`` where none did."""
        scores = [run.score for run in self.runs if run.passed]
        return fmean(scores) if scores else None

    @property
    def cost(self) -> float | None:
        """Mean of the runs; ``None`` where one of them has none."""
        costs = [run.cost for run in self.runs if run.cost is not None]
        return fmean(costs) if len(costs) == len(self.runs) else None

    @property
    def latency(self) -> float:
        return fmean(run.latency for run in self.runs)

    @property
    def latency_deviation(self) -> float:
        return stdev(run.latency for run in self.runs) if len(self.runs) > 1 else 0.0

    @property
    def reason(self) -> str:
        """Why it did not pass, in one line: errors first."""
        told = [run.error for run in self.runs if run.error] or [run.reason for run in self.runs if not run.passed]
        share = f"{self.passes} of {len(self.runs)} runs passed: " if len(self.runs) > 1 else ""
        return _one_line(f"{share}{told[0] if told else ''}")


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """A suite that was run.

    Attributes:
        problem: why there are no results, or not all of them.
        leaks: names of the files that a key was taken out of.
    """

    suite: str
    cases: tuple[CaseResult, ...]
    seconds: float
    problem: str | None = None
    leaks: tuple[str, ...] = ()

    @property
    def cost(self) -> float:
        """US dollars, as far as the gateway told."""
        return sum(run.cost or 0 for case in self.cases for run in case.runs)

    @property
    def errors(self) -> int:
        return sum(case.errors > 0 for case in self.cases) + (self.problem is not None)


def _one_line(text: str) -> str:
    told = " ".join(text.split())
    return told if len(told) <= LONGEST_REASON else f"{told[: LONGEST_REASON - 1]}…"
