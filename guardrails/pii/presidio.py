"""Presidio's recognizers without Presidio's engine.

Importing ``presidio_analyzer`` runs its ``__init__``, which imports its engine and with it spaCy: two seconds of
start-up and 100 MB in each worker, for nothing that pattern recognizers use. Their modules are therefore loaded here
below bare packages of the same names, which are taken away again, so that whoever imports Presidio gets all of it.
The classes are Presidio's own, unchanged.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

PACKAGE = "presidio_analyzer"
PREDEFINED = "predefined_recognizers"
# In the order in which they build on each other.
FOUNDATIONS = {
    "analysis_explanation": ("AnalysisExplanation",),
    "recognizer_result": ("RecognizerResult",),
    "entity_recognizer": ("EntityRecognizer",),
    "local_recognizer": ("LocalRecognizer",),
    "pattern": ("Pattern",),
    "pattern_recognizer": ("PatternRecognizer",),
}

_ours: dict[str, ModuleType] = {}
_lock = threading.RLock()


def presidio_recognizer(class_name: str, module: str) -> Any:
    """A recognizer class of Presidio's.

    The first call lays the foundation that all of them share, which takes about 30 ms; later ones import one module.

    Args:
        class_name: such as ``UsSsnRecognizer``.
        module: where it stands below ``presidio_analyzer.predefined_recognizers``, such as
            ``country_specific.us.us_ssn_recognizer``.

    Raises:
        ImportError: Presidio is not installed, or is a version without this module or class.
    """
    with _our_modules() as locations:
        *packages, _ = module.split(".")
        for depth in range(len(packages)):
            _bare(".".join([PREDEFINED, *packages[: depth + 1]]), locations)
        loaded = importlib.import_module(f"{PACKAGE}.{PREDEFINED}.{module}")
        try:
            return getattr(loaded, class_name)
        except AttributeError:
            raise ImportError(f"Presidio's {module} has no {class_name}") from None


@contextmanager
def _our_modules() -> Iterator[list[str]]:
    """While this lasts, ``presidio_analyzer`` is ours; gives the folders it is in."""
    with _lock:
        spec = importlib.util.find_spec(PACKAGE) if PACKAGE not in _ours else None
        theirs = _taken_out()
        sys.modules.update(_ours)
        try:
            if PACKAGE not in _ours:
                if spec is None or not spec.submodule_search_locations:
                    raise ImportError(f"{PACKAGE} is not installed")
                _lay_foundations(list(spec.submodule_search_locations))
                _ours.update(_taken_out())
                sys.modules.update(_ours)
            yield list(_ours[PACKAGE].__path__)
        finally:
            loaded = _taken_out()
            if PACKAGE in _ours:
                _ours.update(loaded)
            sys.modules.update(theirs)


def _taken_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")]
    return {name: sys.modules.pop(name) for name in names}


def _lay_foundations(locations: list[str]) -> None:
    root = _bare("", locations)
    engine = _bare("nlp_engine", [])
    engine.NlpArtifacts = object  # type: ignore[attr-defined]  # only named in signatures
    _bare(PREDEFINED, locations)
    _bare(f"{PREDEFINED}.generic", locations)
    for path, names in FOUNDATIONS.items():
        module = importlib.import_module(f"{PACKAGE}.{path}")
        for name in names:
            setattr(root, name, getattr(module, name))


def _bare(path: str, locations: list[str]) -> ModuleType:
    """The package at ``path`` below Presidio's own, with its modules but without what its ``__init__`` would run."""
    name = f"{PACKAGE}.{path}" if path else PACKAGE
    if name not in sys.modules:
        module = ModuleType(name)
        module.__path__ = [f"{location}/{path.replace('.', '/')}" for location in locations]
        sys.modules[name] = module
    return sys.modules[name]
