"""alt-profanity-check's model without the price of asking it: its five linear models and their calibration in one step.

Its own way through scikit-learn takes seven times as long for one answer, nearly all of it for checks of arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

PROBES = ("You are a fucking idiot.", "The assistant answers politely.", "go to hell", "")
CLOSE = 1e-6

Probabilities = Callable[[Sequence[str]], Any]
"""The probability that each text swears."""


def probabilities() -> Probabilities:
    """The quick way where it gives the same as the library's own, which another version may not."""
    from profanity_check.profanity_check import model, predict_prob, vectorizer  # noqa: PLC0415  two seconds

    theirs: Probabilities = predict_prob
    try:
        quick = _in_one_step(model, vectorizer)
        same = abs(quick(PROBES) - theirs(PROBES)).max() < CLOSE
    except (AttributeError, IndexError, TypeError, ValueError):
        return theirs
    return quick if same else theirs


def _in_one_step(model: Any, vectorizer: Any) -> Probabilities:
    import numpy as np  # noqa: PLC0415  as above

    parts = model.calibrated_classifiers_
    weights = np.vstack([part.estimator.coef_[0] for part in parts]).T
    biases = np.array([part.estimator.intercept_[0] for part in parts])
    slopes = np.array([part.calibrators[0].a_ for part in parts])
    offsets = np.array([part.calibrators[0].b_ for part in parts])

    def quick(texts: Sequence[str]) -> Any:
        distances = vectorizer.transform(texts) @ weights + biases
        return (1 / (1 + np.exp(slopes * distances + offsets))).mean(axis=1)

    return quick
