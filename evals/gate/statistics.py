"""The tests that tell what got worse from noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

ALPHA = 0.01
FEWEST_PAIRS = 3


def paired_increase(before: Sequence[float], after: Sequence[float]) -> float:
    """p-value of an increase from ``before`` to ``after`` over the same cases: Student's paired t-test, one-sided.

    Student, The Probable Error of a Mean, Biometrika 6 (1908). It is taken rather than a rank or permutation test
    because a suite has some ten cases: theirs cannot fall below ``2 ** -cases``, which no correction for the number
    of suites lets through. With fewer than three cases it is 1.
    """
    from scipy.stats import t  # noqa: PLC0415  half a second that only a comparison costs

    differences = [new - old for old, new in zip(before, after, strict=True)]
    if len(differences) < FEWEST_PAIRS:
        return 1.0
    mean, deviation = fmean(differences), stdev(differences)
    if deviation <= abs(mean) * 1e-9:
        return 0.0 if mean > 0 else 1.0
    return float(t.sf(mean / (deviation / math.sqrt(len(differences))), len(differences) - 1))


def fewer_passes(passes_before: int, runs_before: int, passes: int, runs: int) -> float:
    """p-value of a lower share of passes than before: Fisher's exact test, one-sided.

    R. A. Fisher, The Logic of Inductive Inference, Journal of the Royal Statistical Society 98 (1935).
    """
    from scipy.stats import fisher_exact  # noqa: PLC0415  as above

    table = [[passes, runs - passes], [passes_before, runs_before - passes_before]]
    return float(fisher_exact(table, alternative="less").pvalue)


def significant(p_values: Sequence[float], alpha: float = ALPHA) -> list[bool]:
    """Which of a family of tests are significant when at most ``alpha`` of families may have a false one.

    S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal of Statistics 6 (1979).
    """
    found = [False] * len(p_values)
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda one: p_values[one])):
        if p_values[index] > alpha / (len(p_values) - rank):
            break
        found[index] = True
    return found
