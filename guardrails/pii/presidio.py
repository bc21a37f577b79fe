"""Presidio's recognizers without Presidio's engine.

Importing ``presidio_analyzer`` runs its ``__init__``, which imports its engine and with it spaCy: two seconds of
start-up and 100 MB in each worker, for nothing that pattern recognizers use. Their modules are therefore loaded here
below a bare package of the same name, which is taken away again, so that whoever imports Presidio later gets all of
it. The classes are Presidio's own, unchanged.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

PACKAGE = "presidio_analyzer"
# In the order in which they build on each other.
FOUNDATIONS = {
    "analysis_explanation": ("AnalysisExplanation",),
    "recognizer_result": ("RecognizerResult",),
    "entity_recognizer": ("EntityRecognizer",),
    "local_recognizer": ("LocalRecognizer",),
    "pattern": ("Pattern",),
    "pattern_recognizer": ("PatternRecognizer",),
}
BARE_PACKAGES = (
    "predefined_recognizers",
    "predefined_recognizers.generic",
    "predefined_recognizers.country_specific",
    "predefined_recognizers.country_specific.us",
)
RECOGNIZERS = {
    "CreditCardRecognizer": "generic.credit_card_recognizer",
    "EmailRecognizer": "generic.email_recognizer",
    "IbanRecognizer": "generic.iban_recognizer",
    "IpRecognizer": "generic.ip_recognizer",
    "UsSsnRecognizer": "country_specific.us.us_ssn_recognizer",
}


def load_recognizers() -> dict[str, Any]:
    """Presidio's recognizer classes by name.

    Raises:
        ImportError: Presidio is not installed, or is a version whose modules are laid out differently.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ImportError(f"{PACKAGE} is not installed")
    before = _taken_out()
    try:
        _lay_foundations(list(spec.submodule_search_locations))
        modules = {
            name: importlib.import_module(f"{PACKAGE}.predefined_recognizers.{path}")
            for name, path in RECOGNIZERS.items()
        }
        return {name: getattr(module, name) for name, module in modules.items()}
    finally:
        _taken_out()
        sys.modules.update(before)


def _taken_out() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")]
    return {name: sys.modules.pop(name) for name in names}


def _lay_foundations(locations: list[str]) -> None:
    root = _bare(PACKAGE, locations)
    artifacts = _bare(f"{PACKAGE}.nlp_engine", [])
    artifacts.NlpArtifacts = object  # type: ignore[attr-defined]  # only named in signatures
    for path in BARE_PACKAGES:
        _bare(f"{PACKAGE}.{path}", [f"{location}/{path.replace('.', '/')}" for location in locations])
    for path, names in FOUNDATIONS.items():
        module = importlib.import_module(f"{PACKAGE}.{path}")
        for name in names:
            setattr(root, name, getattr(module, name))


def _bare(name: str, locations: list[str]) -> ModuleType:
    module = ModuleType(name)
    module.__path__ = locations
    sys.modules[name] = module
    return module
