"""An operator's own classifier of texts."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping

from guardrails.scanning.finding import Finding

PREFIX = "CONTENT_"
CATEGORIES = frozenset({"hate", "harassment", "violence", "sexual", "self_harm", "illicit", "profanity", "custom"})

Classifier = Callable[[str], Mapping[str, float]]
"""From a text to the probability of each category that it knows, by their names in :data:`CATEGORIES`."""


def load_classifier(name: str) -> Classifier:
    """The classifier of that name.

    Args:
        name: ``package.module:callable``.

    Raises:
        ValueError: it is not written so, or names nothing that can be called; the message tells which.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise ValueError(f"a classifier is named as package.module:callable, not {name!r}")
    try:
        found = importlib.import_module(module_name)
    except ImportError as error:
        raise ValueError(f"the classifier {name} cannot be imported: {error}") from error
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise ValueError(f"there is no {attribute} in {module_name}")
        found = getattr(found, part)
    if not callable(found):
        raise ValueError(f"the classifier {name} cannot be called")  # noqa: TRY004  the setting's value is wrong
    return found


def classified(classify: Classifier, text: str) -> list[Finding]:
    """What a classifier says of a whole text: a finding over all of it for each category, its probability as score.

    Raises:
        ValueError: it names a category that there is not, or gives something else than a probability.
    """
    return [
        Finding(PREFIX + category.upper(), 0, len(text), _probability(category, value))
        for category, value in classify(text).items()
        if text
    ]


def _probability(category: str, value: float) -> float:
    if category not in CATEGORIES:
        raise ValueError(f"the classifier names {category!r}; there are {', '.join(sorted(CATEGORIES))}")
    probability = float(value)
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"the classifier gives {category} a probability of {probability}")
    return probability
