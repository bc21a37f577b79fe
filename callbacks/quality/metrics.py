"""What Prometheus may know of scores: how many responses were scored or why not, and what they got.

No tenant, as their number has no bound: the store has them, and :data:`inferspect.store.scores.scores.LISTENERS` tells
of each row to who counts by tenant.
"""

from __future__ import annotations

from typing import Any

from prometheus_client import Counter, Summary

from callbacks.quality.scorers import OWN
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
OTHER = "other"
MOST_REASONS = 200


class ScoreMetrics:
    """Counts rows that were stored for the first time.

    Args:
        own: the operator's scorers.
        models: how many models are told apart; the rest are ``other``.
    """

    def __init__(self, own: tuple[type[Scorer], ...] = (), models: int = 30) -> None:
        self._lows = {scorer.name: scorer.low for scorer in (*OWN, *own)}
        self._most = models
        self._models: set[str] = set()
        self._reasons: set[tuple[str, str]] = set()

    def count(self, row: ScoreRow) -> None:
        """Count a response and its scores."""
        if row.skipped is not None:
            RESPONSES.labels("skipped", row.skipped).inc()
            return
        RESPONSES.labels("scored", "").inc()
        self.count_scores(row)

    def count_scores(self, row: ScoreRow) -> None:
        """Count scores that a response got."""
        model = self._model(row.model or "")
        for name, value in row.scores.items():
            SCORES.labels(name, model).observe(max(0.0, value - self._lows.get(name, 0.0)))
        for name, reason in row.skips.items():
            SKIPS.labels(name, self._reason(name, reason)).inc()

    def _model(self, name: str) -> str:
        return name if _has_room(self._models, name, self._most) else OTHER

    def _reason(self, name: str, reason: str) -> str:
        """An operator's scorer may give any number of reasons."""
        return reason if _has_room(self._reasons, (name, reason), MOST_REASONS) else OTHER


def _has_room(known: set[Any], one: Any, most: int) -> bool:
    if one not in known and len(known) < most:
        known.add(one)
    return one in known
