"""What Prometheus may know of scores: how many responses were scored or why not, and what they got.

No tenant, as their number has no bound: the store has them, and :data:`inferspect.store.scores.scores.LISTENERS` tells
of each row to who counts by tenant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from prometheus_client import Counter, Summary

from callbacks.quality.scorers import OWN
from inferspect.labels.names import NamesSeen
from inferspect.observation.scorer import Scorer
from inferspect.store.scores.scores import ScoreRow

RESPONSES = Counter(
    "inferspect_quality_responses",
    "Successful responses, by whether they were scored; `reason` says why not.",
    ("outcome", "reason"),
)
SCORES = Summary(
    "inferspect_quality_score",
    "Scores less the least score of their scale, so that sums only grow: of Sentiment, 1 more than it is.",
    ("score", "model"),
)
SKIPS = Counter("inferspect_quality_skips", "Scores that a scored response did not get.", ("score", "reason"))
MODEL_CALLS = Counter("inferspect_quality_model_calls", "Calls of models that score.", ("kind", "outcome"))
MODEL_DOLLARS = Counter(
    "inferspect_quality_model_dollars", "US dollars that calls of models that score cost.", ("kind",)
)
MOST_REASONS = 200  # of each score


class ScoreMetrics:
    """Counts rows that were stored for the first time.

    Args:
        model_label: a model's name as a label; takes what a client asked for.
        own: the operator's scorers.
    """

    def __init__(self, model_label: Callable[[str], str], own: tuple[type[Scorer], ...] = ()) -> None:
        self._model_label = model_label
        self._lows = {scorer.name: scorer.low for scorer in (*OWN, *own)}
        # An operator's scorer may give any number of reasons.
        self._reasons = defaultdict[str, NamesSeen](lambda: NamesSeen(MOST_REASONS))

    def count(self, row: ScoreRow) -> None:
        """Count a response and its scores."""
        if row.skipped is not None:
            RESPONSES.labels("skipped", row.skipped).inc()
            return
        RESPONSES.labels("scored", "").inc()
        self.count_scores(row)

    def count_scores(self, row: ScoreRow) -> None:
        """Count scores that a response got."""
        model = self._model_label(row.model or "")
        for name, value in row.scores.items():
            SCORES.labels(name, model).observe(max(0.0, value - self._lows.get(name, 0.0)))
        for name, reason in row.skips.items():
            SKIPS.labels(name, self._reasons[name].name(reason)).inc()
