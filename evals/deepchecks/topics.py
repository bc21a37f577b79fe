"""Topics of questions: groups of those that share words, named by the words that mark each group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.feature_extraction.text import TfidfVectorizer

TOPIC = "Topic"
MOST_TOPICS = 8
FEWEST_OF_A_TOPIC = 25  # questions, on average
NAMED_BY = 3  # words
MOST_WORDS = 2000
SEED = 20
NAMELESS = "no word in common"
WORD = r"(?u)[^\W\d_]{3,}"
# A word that few have asked with may be a name; one that most ask with says nothing.
FEWEST_WITH_WORD, MOST_WITH_WORD = 5, 0.5


def topics_of(questions: pd.DataFrame, parts: Sequence[pd.DataFrame]) -> list[pd.Series]:
    """The topic of each response of ``parts`` whose question is known, found in all questions together.

    As groups are made without regard to the part that a question is of, two parts of one kind have the same topics as
    often as chance has it.
    """
    known = questions.dropna(subset=["text"]).drop_duplicates("id")
    names = _named(known["text"]) if len(known) >= 2 * FEWEST_OF_A_TOPIC else None
    if names is None:
        return [pd.Series(None, index=part.index, dtype=object) for part in parts]
    by_id = dict(zip(known["id"], names, strict=True))
    return [part["id"].map(by_id).astype(object) for part in parts]


def _named(texts: pd.Series) -> list[str] | None:
    words = TfidfVectorizer(
        token_pattern=WORD, max_features=MOST_WORDS, min_df=FEWEST_WITH_WORD, max_df=MOST_WITH_WORD, sublinear_tf=True
    )
    try:
        weights = words.fit_transform(texts)
    except ValueError:  # no word is left
        return None
    count = max(2, min(MOST_TOPICS, len(texts) // FEWEST_OF_A_TOPIC, weights.shape[1]))
    groups = KMeans(count, n_init=3, random_state=SEED).fit(weights)
    vocabulary = words.get_feature_names_out()
    names = [
        f"{number + 1}: {', '.join(vocabulary[place] for place in _weightiest(centre)) or NAMELESS}"
        for number, centre in enumerate(groups.cluster_centers_)
    ]
    return [names[group] for group in groups.labels_]


def _weightiest(centre: np.ndarray) -> list[int]:
    """Places of the words that mark a group; of one whose questions have no word that is known there are none."""
    return [int(place) for place in centre.argsort()[::-1][:NAMED_BY] if centre[place] > 0]
