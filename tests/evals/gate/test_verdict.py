from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evals.gate.baseline import Baselines
from evals.gate.comparison import Change
from evals.gate.drift import Drift
from evals.gate.verdict import Outcome, Rules, judge
from evals.suites.results import CaseResult, Identity, Run, SuiteResult
from tests.evals.gate.building import case, suite

SUITES, CASES = 10, 8


@pytest.fixture
def baselines(tmp_path: Path) -> Baselines:
    return Baselines(tmp_path, "demo")


def simulated(
    chance: random.Random, change: Callable[[str, Run], Run] = lambda _suite, run: run, repeat: int = 10
) -> list[SuiteResult]:
    """A run of ten suites with 5 % of noise in every figure; 5 % of the runs of cases that are repeated fail."""

    def run(name: str, number: int) -> Run:
        passed = repeat == 1 or chance.random() > 0.05
        cost = 0.001 * (number + 1) * chance.gauss(1, 0.05)
        score = min(1.0, max(0.0, chance.gauss(0.9, 0.05))) if passed else 0.0
        return change(name, Run(passed, score, cost, 200 * (number + 1) * chance.lognormvariate(0, 0.05)))

    return [
        SuiteResult(
            name,
            tuple(
                CaseResult(
                    Identity(f"case {number}", "prompt", "gateway"),
                    0.5,
                    tuple(run(name, number) for _ in range(repeat)),
                )
                for number in range(CASES)
            ),
            1.0,
        )
        for name in (f"suite-{index}" for index in range(SUITES))
    ]


def accept(baselines: Baselines, results: list[SuiteResult]) -> None:
    for result in results:
        baselines.write(result.suite, result.cases)


@pytest.mark.parametrize("repeat", [1, 10])
@pytest.mark.parametrize("seed", range(3))
def test_noise_fails_none_of_fifty_runs(baselines: Baselines, seed: int, repeat: int) -> None:
    """With 5 % of noise in every figure, and 5 % of repeated runs failing, fifty runs of 80 cases all pass."""
    chance = random.Random(seed)
    accept(baselines, simulated(chance, repeat=repeat))
    rules = Rules(latency=True)
    verdicts = [judge(simulated(chance, repeat=repeat), baselines, rules) for _ in range(50)]
    assert [list(verdict.failures()) for verdict in verdicts if verdict.outcome is not Outcome.WELL] == []


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("metric", "worse"),
    [
        ("score", lambda run: Run(run.passed, run.score * 0.85, run.cost, run.latency)),
        ("cost", lambda run: Run(run.passed, run.score, run.cost * 1.4, run.latency)),
        ("latency", lambda run: Run(run.passed, run.score, run.cost, run.latency * 2)),
    ],
)
def test_one_suite_that_got_worse_is_found_through_the_noise(
    baselines: Baselines, metric: str, worse: Callable[[Run], Run], seed: int
) -> None:
    """Drift in one figure of one suite fails the gate, and only that is named."""
    chance = random.Random(seed)
    accept(baselines, simulated(chance))
    results = simulated(chance, lambda name, run: worse(run) if name == "suite-4" else run)
    verdict = judge(results, baselines, Rules(latency=True))
    assert verdict.outcome is Outcome.FAILED
    drifts = [one for one in verdict.failures() if isinstance(one, Drift)]
    assert [(one.suite, one.metric) for one in drifts] == [("suite-4", metric)]


def test_cases_that_fail_more_often_are_named(baselines: Baselines) -> None:
    """Where one suite's runs fail half of the time, its cases have regressed and no other's."""
    chance = random.Random(1)
    accept(baselines, simulated(chance))
    results = simulated(chance, lambda name, run: run if name != "suite-2" else Run(False, 0, run.cost, run.latency))
    failures = list(judge(results, baselines, Rules()).failures())
    assert {one.suite for one in failures} == {"suite-2"}
    assert sum(isinstance(one, Change) and one.fate == "regressed" for one in failures) == CASES


@pytest.mark.parametrize(
    ("before", "now", "rules", "outcome"),
    [
        ([case("a")], suite(case("a")), Rules(), Outcome.WELL),
        ([case("a")], suite(case("a", (False,))), Rules(), Outcome.FAILED),
        ([case("a")], suite(case("a"), case("b", (False,))), Rules(), Outcome.FAILED),
        ([case("a", (False,))], suite(case("a", (False,))), Rules(), Outcome.WELL),
        ([case("a", (False,))], suite(case("a", (False,))), Rules(strict=True), Outcome.FAILED),
        ([case("a", (False,))], suite(case("a", (False,))), Rules(compare=False), Outcome.FAILED),
        ([case("a"), case("b")], suite(case("a")), Rules(), Outcome.WELL),
        ([case("a"), case("b")], suite(case("a")), Rules(strict=True), Outcome.FAILED),
        ([case("a"), case("b")], suite(case("a")), Rules(strict=True, whole=False), Outcome.WELL),
        ([case("a")], suite(case("a", (False,), error="503")), Rules(), Outcome.ERROR),
        ([case("a")], suite(case("a", (False,)), case("b", (False,), error="503")), Rules(), Outcome.ERROR),
        ([case("a")], suite(case("a", (True, True), threshold=0.5, error="503")), Rules(), Outcome.ERROR),
        ([case("a")], suite(problem="did not end within 600 s"), Rules(), Outcome.ERROR),
        ([], suite(case("a")), Rules(), Outcome.WELL),
        ([], suite(case("a", (False,))), Rules(), Outcome.FAILED),
    ],
)
def test_the_outcome_follows_from_the_cases(
    baselines: Baselines, before: list[CaseResult], now: SuiteResult, rules: Rules, outcome: Outcome
) -> None:
    """Regressions and new failures fail, known failures and removed cases when strict, errors are never a pass."""
    if before:
        baselines.write("support", before)
    assert judge([now], baselines, rules).outcome is outcome


def test_nothing_run_is_no_pass(baselines: Baselines) -> None:
    """A run without a suite is an error."""
    assert judge([], baselines, Rules()).outcome is Outcome.ERROR


def test_slower_answers_only_warn(baselines: Baselines) -> None:
    """Drift of latency is told and fails only where asked for; cheap and quick is no drift."""
    cases = [case(f"case {number}", latency=200 + number) for number in range(8)]
    slow = [case(f"case {number}", latency=420 + number, cost=0.0005) for number in range(8)]
    baselines.write("support", cases)
    verdict = judge([suite(*slow)], baselines, Rules())
    assert (verdict.outcome, [str(one)[:7] for one in verdict.warnings()]) == (Outcome.WELL, ["latency"])
    assert judge([suite(*slow)], baselines, Rules(latency=True)).outcome is Outcome.FAILED


def test_a_change_too_small_to_matter_does_not_fail(baselines: Baselines) -> None:
    """A tenth more cost in every case is significant and not enough; a third more is."""
    baselines.write("support", [case(f"case {number}", cost=0.001 + number / 1e6) for number in range(8)])
    for factor, outcome in ((1.1, Outcome.WELL), (1.33, Outcome.FAILED)):
        now = [case(f"case {number}", cost=(0.001 + number / 1e6) * factor) for number in range(8)]
        assert judge([suite(*now)], baselines, Rules()).outcome is outcome


@pytest.mark.parametrize("factor", [1.21, 1.24, 1.26, 2.0])
def test_a_drift_of_cost_that_was_accepted_is_none_any_more(baselines: Baselines, factor: float) -> None:
    """What the gate fails for is large enough to be written down."""
    baselines.write("support", [case(f"case {number}", cost=0.001 + number / 1e6) for number in range(8)])
    dearer = suite(*[case(f"case {number}", cost=(0.001 + number / 1e6) * factor) for number in range(8)])
    assert judge([dearer], baselines, Rules()).outcome is Outcome.FAILED
    baselines.write("support", dearer.cases)
    assert judge([dearer], baselines, Rules()).outcome is Outcome.WELL


def test_a_run_that_is_accepted_fails_by_no_case(baselines: Baselines) -> None:
    """Cases that do not pass are told, errors and keys in results are not accepted."""
    rules, failing = Rules(compare=False, accept=True), suite(case("a", (False,)))
    verdict = judge([failing], baselines, rules)
    assert (verdict.outcome, [str(one.suite) for one in verdict.warnings()]) == (Outcome.WELL, ["support"])
    assert judge([suite(case("a", (False,), error="503"))], baselines, rules).outcome is Outcome.ERROR
    assert judge([replace(failing, leaks=("support.json",))], baselines, rules).outcome is Outcome.FAILED


def test_a_key_in_a_result_fails_and_an_error_comes_first(baselines: Baselines) -> None:
    leaking = replace(suite(case("a")), leaks=("support.json",))
    assert judge([leaking], baselines, Rules()).outcome is Outcome.FAILED
    assert judge([replace(leaking, problem="did not end")], baselines, Rules()).outcome is Outcome.ERROR
