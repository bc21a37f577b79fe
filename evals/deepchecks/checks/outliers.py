"""Outliers: values far beyond the middle half of the baseline, or of the window itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from evals.deepchecks.checks.base import WindowCheck, not_there, too_few
from evals.deepchecks.checks.thresholds import share_table
from evals.deepchecks.condition import Figure, Figures
from evals.deepchecks.responses import Responses

SHOWN = 10


class Outliers(WindowCheck):
    """Shares of values beyond Tukey's outer fences (J. W. Tukey, Exploratory Data Analysis, 1977)."""

    def __init__(
        self,
        responses: Responses,
        *,
        max_share: float = 0.1,
        fences: float = 3.0,
        columns: Sequence[str] | None = None,
        besides: Sequence[str] = (),
        at_least: int = 50,
    ) -> None:
        """Look at ``columns``, all numbers where unset, but ``besides``.

        Args:
            fences: how many interquartile ranges beyond the quartiles they stand.
        """
        self.columns = [name for name in columns or responses.numbers if name not in besides]
        self.max_share = max_share
        self.beyond = fences
        self.at_least = at_least
        super().__init__(responses, [self._name(column) for column in self.columns])

    def figures(self) -> tuple[Figures, list[Any]]:
        """A figure for each column, and the farthest responses."""
        found: dict[str, Figure] = {}
        shares: dict[str, float] = {}
        farthest: list[pd.DataFrame] = []
        for column in self.columns:
            if column not in self.responses.numbers:
                found[self._name(column)] = not_there(column)
                continue
            values = self.responses.window[column].dropna()
            reference = self._reference(column)
            if min(len(values), len(reference)) < self.at_least:
                fewest = min(len(values), len(reference))
                found[self._name(column)] = too_few(fewest, self.at_least, "values", column)
                continue
            distances = self._distances(values, reference)
            shares[column] = share = float((distances > 0).mean())
            figure = Figure(f"{share:.1%} of {len(values)}", share <= self.max_share, share, self.max_share, column)
            found[self._name(column)] = figure
            farthest.append(self._farthest(column, distances))
        table = pd.concat(farthest) if farthest else pd.DataFrame()
        if table.empty:
            return found, []
        table = table.sort_values("distance", ascending=False).head(SHOWN).drop(columns="distance")
        return found, [share_table(shares), "<p>The farthest:</p>", table.reset_index(drop=True)]

    def _reference(self, column: str) -> pd.Series:
        baseline = self.responses.baseline
        return (self.responses.window if baseline is None else baseline)[column].dropna()

    def _distances(self, values: pd.Series, reference: pd.Series) -> pd.Series:
        """How many interquartile ranges each value is beyond a fence; 0 for all where half of them are the same."""
        low, high = reference.quantile(0.25), reference.quantile(0.75)
        spread = high - low
        if spread <= 0:
            return values * 0.0
        lower, upper = low - self.beyond * spread, high + self.beyond * spread
        return pd.concat([lower - values, values - upper], axis=1).max(axis=1).clip(lower=0) / spread

    def _farthest(self, column: str, distances: pd.Series) -> pd.DataFrame:
        places = distances[distances > 0].nlargest(SHOWN).index
        rows = self.responses.window.loc[places]
        return pd.DataFrame({"id": rows["id"], "column": column, "value": rows[column], "distance": distances[places]})

    def _name(self, column: str) -> str:
        return f"at most {self.max_share:.0%} of {column} are outliers"
