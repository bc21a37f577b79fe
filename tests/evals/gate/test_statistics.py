from __future__ import annotations

import math
import random

import pytest

from evals.gate.statistics import fewer_passes, paired_increase, significant


@pytest.mark.parametrize(
    ("before", "after", "worse"),
    [
        ([1, 1, 1, 1], [2, 2, 2, 2], True),
        ([1.0, 1.1, 0.9, 1.0, 1.2], [1.5, 1.5, 1.4, 1.6, 1.7], True),
        ([1, 2, 3, 4], [1, 2, 3, 4], False),
        ([2, 2, 2, 2], [1, 1, 1, 1], False),
        ([1.0, 1.1, 0.9, 1.0], [1.1, 1.0, 1.0, 0.9], False),
        ([1, 1], [9, 9], False),
        ([], [], False),
    ],
)
def test_an_increase_over_the_same_cases_is_told_from_none(
    before: list[float], after: list[float], *, worse: bool
) -> None:
    """What rises in every case is significant; what stays, falls, wavers, or has too few cases is not."""
    assert (paired_increase(before, after) < 0.05) is worse


def test_pure_noise_is_significant_as_often_as_it_may_be() -> None:
    """Of 2,000 pairs of runs that differ by noise alone, one in twenty is below 0.05."""
    chance = random.Random(7)
    draws = [
        paired_increase([chance.gauss(1, 0.05) for _ in range(8)], [chance.gauss(1, 0.05) for _ in range(8)])
        for _ in range(2000)
    ]
    assert 0.035 < sum(p < 0.05 for p in draws) / len(draws) < 0.065


def test_p_of_a_paired_difference_is_that_of_a_known_example() -> None:
    """Student's own ten patients: additional hours of sleep with two drugs, t = 4.06 with nine degrees of freedom."""
    first = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    second = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    assert math.isclose(paired_increase(first, second), 0.00142, abs_tol=0.00001)


@pytest.mark.parametrize(
    ("before", "now", "p"),
    [((5, 5), (0, 5), 1 / 252), ((10, 10), (10, 10), 1.0), ((5, 10), (8, 10), 0.9714), ((10, 10), (4, 10), 0.00542)],
)
def test_fewer_passes_are_told_by_the_exact_test(before: tuple[int, int], now: tuple[int, int], p: float) -> None:
    """The p-value is that of the hypergeometric distribution, for the worse only."""
    assert math.isclose(fewer_passes(*before, *now), p, abs_tol=0.001)


@pytest.mark.parametrize(
    ("p_values", "expected"),
    [
        ([], []),
        ([0.04], [True]),
        ([0.06], [False]),
        ([0.04, 0.03], [False, False]),
        ([0.01, 0.04, 0.03], [True, False, False]),
        ([0.03, 0.001, 0.02], [True, True, True]),
        ([0.0, 1.0, 0.5], [True, False, False]),
    ],
)
def test_a_family_of_tests_is_corrected_step_by_step(p_values: list[float], expected: list[bool]) -> None:
    """The smallest is compared with a share of alpha, the next with a larger one, and the first that is not ends it."""
    assert significant(p_values, alpha=0.05) == expected
