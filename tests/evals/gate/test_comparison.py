from __future__ import annotations

import pytest

from evals.gate.comparison import Fate, compare, with_fewer_passes
from evals.suites.results import CaseResult
from tests.evals.gate.building import case, entries, suite

TEN = (True,) * 10


@pytest.mark.parametrize(
    ("before", "now", "fate"),
    [
        (case("a"), case("a"), "passed"),
        (case("a"), case("a", (False,)), "regressed"),
        (case("a", (False,)), case("a"), "fixed"),
        (case("a", (False,)), case("a", (False,)), "still failing"),
        (None, case("a"), "new"),
        (None, case("a", (False,)), "new failing"),
        (case("a"), case("a", (False,), error="503"), "error"),
        (case("a", (False,)), case("a", (True, False), error="503"), "error"),
        (case("a"), case("a", (True, False), threshold=0.5), "passed"),
        (case("a"), case("a", (True, False), threshold=0.51), "regressed"),
        (case("a", TEN), case("a", (*TEN[:9], False), threshold=0.6), "passed"),
        (case("a", TEN), case("a", (*TEN[:4], *(False,) * 6), threshold=0.4), "regressed"),
        (case("a", TEN[:4]), case("a", (*TEN[:2], *(False,) * 2), threshold=0.4), "passed"),
    ],
)
def test_a_case_is_what_it_has_become(before: CaseResult | None, now: CaseResult, fate: Fate) -> None:
    """Its fate follows from its threshold, from what the baseline says, and from how often it passes."""
    known = entries(*([before] if before else []))
    [change] = with_fewer_passes(compare(suite(now), known), [suite(now)], {"support": known})
    assert change.fate == fate


def test_passing_less_often_is_told_with_both_shares() -> None:
    """Where the threshold is kept, the reason says what was and what is."""
    known, now = entries(case("a", TEN)), suite(case("a", (*TEN[:4], *(False,) * 6), threshold=0.4))
    [change] = with_fewer_passes(compare(now, known), [now], {"support": known})
    assert change.reason == "passed 4 of 10 runs, 10 of 10 in the baseline"


def test_a_case_that_is_gone_is_removed() -> None:
    """A case of the baseline that was not run is told, unless only some cases were to be run or the suite broke off."""
    known = entries(case("a"), case("gone"))
    assert [one.fate for one in compare(suite(case("a")), known)] == ["passed", "removed"]
    assert [one.fate for one in compare(suite(case("a")), known, whole=False)] == ["passed"]
    assert compare(suite(problem="did not end"), known) == []


def test_the_same_case_with_another_prompt_is_another() -> None:
    """Identity is case, prompt and provider: a new prompt's cases are new."""
    now = case("a")
    other = CaseResult(type(now.identity)("a", "other prompt", "gateway"), 1.0, now.runs)
    assert [one.fate for one in compare(suite(other), entries(now))] == ["new", "removed"]


def test_without_comparison_a_case_passes_or_fails() -> None:
    """Where no baseline is to be read, nothing is known or new."""
    results = suite(case("a"), case("b", (False,)), case("c", (False,), error="503"))
    assert [one.fate for one in compare(results, None, baselines=False)] == ["passed", "failed", "error"]


def test_a_reason_is_told_of_runs() -> None:
    """Where a case is run several times, its reason says how many passed."""
    [change] = compare(suite(case("a", (True, False, False), threshold=0.6)), entries(case("a")))
    assert change.reason == "1 of 3 runs passed: no"
