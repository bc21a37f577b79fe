"""Means, percentiles and missing values of columns against limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from evals.deepchecks.checks.base import ComparisonCheck, WindowCheck, not_there, too_few
from evals.deepchecks.condition import Figure, Figures
from evals.deepchecks.responses import Responses

WORST_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Limit:
    """What one figure of one column should be.

    Attributes:
        of: ``mean``, or a percentile as a number from 0 to 100.
        source: where the limit comes from, in words.
    """

    column: str
    of: str | float
    min: float | None = None
    max: float | None = None
    at_least: int = 20
    source: str = ""

    @property
    def name(self) -> str:
        """The condition in words."""
        what = "mean" if self.of == "mean" else f"{self.of:g}th percentile"
        bounds = [f"at least {self.min:g}"] if self.min is not None else []
        bounds += [f"at most {self.max:g}"] if self.max is not None else []
        source = f" ({self.source})" if self.source else ""
        return f"{what} of {self.column} is {' and '.join(bounds)}{source}"


class Thresholds(WindowCheck):
    """Means and percentiles."""

    def __init__(self, responses: Responses, *, limits: Sequence[Mapping[str, Any]]) -> None:
        self.limits = [Limit(**each) for each in limits]
        super().__init__(responses, [limit.name for limit in self.limits])

    def figures(self) -> tuple[Figures, list[Any]]:
        """A figure for each limit, and the responses with the worst values of what is beyond one."""
        found = {limit.name: self._figure(limit) for limit in self.limits}
        shown: list[Any] = []
        for limit in self.limits:
            if found[limit.name].passed is False:
                values = self.responses.window[["id", limit.column]].dropna()
                worst = values.sort_values(limit.column, ascending=limit.min is not None).head(WORST_SHOWN)
                shown += [f"<p>The worst of {limit.column}:</p>", worst.reset_index(drop=True)]
        return found, shown

    def _figure(self, limit: Limit) -> Figure:
        if limit.column not in self.responses.numbers:
            return not_there(limit.column)
        values = self.responses.window[limit.column].dropna()
        if len(values) < limit.at_least:
            return too_few(len(values), limit.at_least, "values", limit.column)
        value = float(values.mean() if limit.of == "mean" else values.quantile(float(limit.of) / 100))
        too_low = limit.min is not None and value < limit.min
        too_high = limit.max is not None and value > limit.max
        threshold = limit.max if too_high or limit.min is None else limit.min
        return Figure(f"{value:.4g} of {len(values)} values", not (too_low or too_high), value, threshold, limit.column)


class Missing(WindowCheck):
    """Shares of responses that lack a value, of those that were scored."""

    def __init__(
        self, responses: Responses, *, max_share: float, columns: Sequence[str] | None = None, at_least: int = 50
    ) -> None:
        measured = (*responses.numbers, *responses.categories)
        self.columns = list(columns or measured)
        self.max_share = max_share
        self.at_least = at_least
        super().__init__(responses, [self._name(column) for column in self.columns])

    def figures(self) -> tuple[Figures, list[Any]]:
        """A figure for each column."""
        scored = scored_only(self.responses.window)
        if len(scored) < self.at_least:
            return {
                self._name(each): too_few(len(scored), self.at_least, "responses", each) for each in self.columns
            }, []
        shares = {column: float(scored[column].isna().mean()) if column in scored else 1.0 for column in self.columns}
        return {
            self._name(column): Figure(f"{share:.1%}", share <= self.max_share, share, self.max_share, column)
            for column, share in shares.items()
        }, [share_table(shares)]

    def _name(self, column: str) -> str:
        return f"{column} is missing in at most {self.max_share:.0%}"


class MissingMore(ComparisonCheck):
    """Shares of responses that lack a value, against the baseline: scorers that stopped, answers they cannot judge."""

    def __init__(
        self,
        responses: Responses,
        *,
        max_rise: float = 0.2,
        columns: Sequence[str] | None = None,
        besides: Sequence[str] = (),
        at_least: int = 50,
    ) -> None:
        self.columns = [name for name in columns or responses.numbers if name not in besides]
        self.max_rise = max_rise
        self.at_least = at_least
        super().__init__(responses, [_more(column) for column in self.columns])

    def figures(self) -> tuple[Figures, list[Any]]:
        """A figure for each column."""
        ours, theirs = scored_only(self.responses.window), scored_only(self.responses.compared)
        if min(len(ours), len(theirs)) < self.at_least:
            fewest = min(len(ours), len(theirs))
            return {_more(each): too_few(fewest, self.at_least, "responses", each) for each in self.columns}, []
        found = {}
        for column in self.columns:
            if column not in ours:
                found[_more(column)] = not_there(column)
                continue
            now, before = float(ours[column].isna().mean()), float(theirs[column].isna().mean())
            message = f"{before:.1%} before, now {now:.1%}"
            found[_more(column)] = Figure(message, now - before <= self.max_rise, now - before, self.max_rise, column)
        return found, []


def scored_only(table: pd.DataFrame) -> pd.DataFrame:
    """Without responses that were not scored as a whole, such as those outside of the sample."""
    return table[table["skipped"].isna()] if "skipped" in table else table


def share_table(shares: Mapping[str, float]) -> pd.DataFrame:
    """Shares as a table, the greatest first."""
    rows = sorted(shares.items(), key=lambda item: -item[1])
    return pd.DataFrame({"column": [name for name, _ in rows], "share": [f"{share:.1%}" for _, share in rows]})


def _more(column: str) -> str:
    return f"{column} is missing no more often than in the baseline"
