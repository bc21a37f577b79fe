"""Drift: columns whose values come from another distribution than in the baseline, beyond chance and beyond a size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
from deepchecks.utils.distribution.drift import calc_drift_and_plot
from scipy.stats import chi2_contingency, ks_2samp

from evals.deepchecks.checks.base import ComparisonCheck, not_there, too_few
from evals.deepchecks.condition import Figure, Figures
from evals.deepchecks.responses import Responses

RARE = 0.01  # share below which categories are looked at together
FEWEST_EXPECTED = 5  # of a category in each part, for the chi-squared test to hold
OTHER = "other"
PLOTS = 6


class Drift(ComparisonCheck):
    """Drift of scores, lengths, languages, topics and prices."""

    def __init__(
        self,
        responses: Responses,
        *,
        columns: Sequence[str] | None = None,
        besides: Sequence[str] = (),
        numbers: float = 0.1,
        categories: float = 0.1,
        alpha: float = 0.01,
        at_least: int = 50,
    ) -> None:
        """Look at ``columns``, all that are measured where unset, but ``besides``.

        Args:
            numbers: the Kolmogorov-Smirnov statistic from which on a column of numbers has drifted.
            categories: the same for Cramer's V of a column of words.
            alpha: probability that chance alone makes any of the columns drift (Holm's correction).
            at_least: values in each part, below which nothing is said of a column.
        """
        measured = (*responses.numbers, *responses.categories)
        self.columns = [name for name in columns or measured if name not in besides]
        self.limits = {name: numbers if name in responses.numbers else categories for name in self.columns}
        self.alpha = alpha
        self.at_least = at_least
        super().__init__(responses, [_name(column) for column in self.columns])

    def figures(self) -> tuple[Figures, list[Any]]:
        """Sizes and probabilities of all columns; plots of those that moved most."""
        window, baseline = self.responses.window, self.responses.compared
        found: dict[str, Figure] = {}
        sizes: dict[str, float] = {}
        chances: dict[str, float] = {}
        for column in self.columns:
            if column not in window:
                found[_name(column)] = not_there(column)
                continue
            ours, theirs = window[column].dropna(), baseline[column].dropna()
            if min(len(ours), len(theirs)) < self.at_least:
                values = f"values in {'the window' if len(ours) < len(theirs) else 'the baseline'}"
                found[_name(column)] = too_few(min(len(ours), len(theirs)), self.at_least, values, column)
            else:
                sizes[column], chances[column] = self._compared(column, theirs, ours)
        for column, chance in corrected(chances).items():
            found[_name(column)] = self._figure(column, sizes[column], chance)
        order = sorted(sizes, key=lambda column: (found[_name(column)].passed, -sizes[column] / self.limits[column]))
        return found, [self._plot(column) for column in order[:PLOTS]]

    def _compared(self, column: str, theirs: pd.Series, ours: pd.Series) -> tuple[float, float]:
        if column in self.responses.numbers:
            result = ks_2samp(theirs, ours, method="asymp")
            return float(result.statistic), float(result.pvalue)
        return categorical_drift(theirs, ours)

    def _figure(self, column: str, size: float, chance: float) -> Figure:
        limit = self.limits[column]
        drifted = chance < self.alpha and size > limit
        measure = "Kolmogorov-Smirnov" if column in self.responses.numbers else "Cramer's V"
        means = self._means(column) if column in self.responses.numbers else ""
        message = f"{measure} {size:.3f} (limit {limit:g}), p {chance:.2g} (limit {self.alpha:g}){means}"
        return Figure(f"{column} has drifted: {message}" if drifted else message, not drifted, size, limit, column)

    def _means(self, column: str) -> str:
        before, now = self.responses.compared[column].mean(), self.responses.window[column].mean()
        return f"; mean {before:.4g}, now {now:.4g}"

    def _plot(self, column: str) -> Any:
        _, _, plot = calc_drift_and_plot(
            train_column=self.responses.compared[column],
            test_column=self.responses.window[column],
            value_name=column,
            column_type="numerical" if column in self.responses.numbers else "categorical",
            plot_title=column,
            min_samples=1,
            dataset_names=("baseline", "window"),
        )
        return plot


def categorical_drift(theirs: pd.Series, ours: pd.Series) -> tuple[float, float]:
    """Cramer's V of part and category, corrected for bias, and the probability of the chi-squared test.

    Bergsma, A bias-correction for Cramer's V and Tschuprow's T, Journal of the Korean Statistical Society 42, 2013.
    """
    counts = pd.concat([theirs.value_counts(), ours.value_counts()], axis=1).fillna(0.0)
    total = float(counts.to_numpy().sum())
    smallest = min(len(theirs), len(ours)) / total
    rare = (counts.sum(axis=1) < RARE * total) | (counts.sum(axis=1) * smallest < FEWEST_EXPECTED)
    if rare.any():
        others = counts[rare].sum().to_frame(OTHER).T
        counts = pd.concat([counts[~rare], others])
    counts = counts[counts.sum(axis=1) * smallest >= FEWEST_EXPECTED]
    if len(counts) <= 1:
        return 0.0, 1.0
    statistic, chance, freedom, _ = chi2_contingency(counts.to_numpy(), correction=False)
    total = float(counts.to_numpy().sum())
    phi = max(0.0, statistic / total - freedom / (total - 1))
    return (phi**0.5, float(chance))  # of two parts, so the lesser dimension less one is 1


def corrected(chances: dict[str, float]) -> dict[str, float]:
    """Probabilities corrected for their number: S. Holm, Scandinavian Journal of Statistics 6, 1979."""
    adjusted: dict[str, float] = {}
    highest = 0.0
    for place, (column, chance) in enumerate(sorted(chances.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, chance * (len(chances) - place)))
        adjusted[column] = highest
    return adjusted


def _name(column: str) -> str:
    return f"{column} is distributed as in the baseline"
