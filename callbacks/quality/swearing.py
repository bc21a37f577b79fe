"""alt-profanity-check's model without scikit-learn, whose import takes seconds and 100 MB of each process that scores.

The model is five linear ones over words weighted by tf-idf (G. Salton and C. Buckley, 1988), each calibrated by a
sigmoid (J. Platt, 1999): what its files hold suffices for the same numbers, in a tenth of the library's time.
"""

from __future__ import annotations

import pickle
import re
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGE = "profanity_check"
LIBRARIES = ("sklearn.", "scipy.")
UNDERSTOOD = {
    "analyzer": "word",
    "binary": False,
    "lowercase": True,
    "ngram_range": (1, 1),
    "norm": "l2",
    "preprocessor": None,
    "strip_accents": None,
    "sublinear_tf": False,
    "tokenizer": None,
    "use_idf": True,
}

Probabilities = Callable[[Sequence[str]], Sequence[float]]
"""The probability that each text swears."""


def probabilities() -> Probabilities:
    """The quick way where the model is as this module understands it, which that of another version may not be."""
    try:
        return _quick()
    except (ImportError, OSError, AttributeError, LookupError, TypeError, ValueError, pickle.UnpicklingError):
        from profanity_check import predict_prob  # noqa: PLC0415  seconds

        theirs: Probabilities = predict_prob
        return theirs


def _quick() -> Probabilities:
    import numpy as np  # noqa: PLC0415  scorers are named in processes that do not score

    model, vectorizer = _read("model"), _read("vectorizer")
    if model.method != "sigmoid" or list(model.classes_) != [0, 1]:
        raise ValueError("another model")
    if any(getattr(vectorizer, name) != value for name, value in UNDERSTOOD.items()):
        raise ValueError("words are weighted in another way")
    places: dict[str, int] = vectorizer.vocabulary_
    rarity = vectorizer._tfidf.idf_  # noqa: SLF001  it is only there
    token = re.compile(vectorizer.token_pattern)
    parts = model.calibrated_classifiers_
    weights = np.array([part.estimator.coef_[0] for part in parts])
    biases = np.array([part.estimator.intercept_[0] for part in parts])
    slopes = np.array([part.calibrators[0].a_ for part in parts])
    offsets = np.array([part.calibrators[0].b_ for part in parts])

    def probability(text: str) -> float:
        counted = Counter(places[word] for word in token.findall(text.lower()) if word in places)
        at = np.fromiter(counted.keys(), dtype=np.intp, count=len(counted))
        weighted = np.fromiter(counted.values(), dtype=float, count=len(counted)) * rarity[at]
        distances = weights[:, at] @ weighted / (np.sqrt(weighted @ weighted) or 1.0) + biases
        return float((1 / (1 + np.exp(slopes * distances + offsets))).mean())

    return lambda texts: [probability(text) for text in texts]


def _read(name: str) -> Any:
    """An object of the package's as it lies in its file, of classes that have nothing but its members.

    Raises:
        OSError, ValueError: there is no such file.
    """
    reader: Any = import_module("joblib.numpy_pickle").NumpyUnpickler

    class Unpickler(reader):
        def find_class(self, module: str, name: str) -> Any:
            return type(name, (), {}) if module.startswith(LIBRARIES) else super().find_class(module, name)

    spec = find_spec(PACKAGE)  # which does not import it
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise ValueError(f"{PACKAGE} is not there")
    path = Path(folders[0]) / "data" / f"{name}.joblib"
    with path.open("rb") as file:
        return Unpickler(str(path), file, ensure_native_byte_order=True).load()
