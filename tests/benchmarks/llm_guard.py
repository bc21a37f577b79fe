"""LLM Guard's regex scanner without LLM Guard's other scanners, which need torch and transformers.

It is no part of the project's environments. To have it measured, put it beside them with
`pip install --no-deps --target FOLDER llm-guard==0.3.16`, and run the benchmark with `PYTHONPATH=FOLDER`.
"""

from __future__ import annotations

import importlib
import importlib.util
import logging
import sys
from types import ModuleType
from typing import Any

import structlog

PACKAGES = ("llm_guard", "llm_guard.input_scanners", "llm_guard.input_scanners.anonymize_helpers")
PATTERNS = frozenset(
    {"CREDIT_CARD_RE", "UUID", "EMAIL_ADDRESS_RE", "US_SSN_RE", "BTC_ADDRESS", "PHONE_NUMBER_WITH_EXT"}
)
"""Of LLM Guard's own patterns those for the entities that are compared; it has none for IBAN, IP and MAC addresses."""


def regex_scanner() -> Any | None:
    """The scanner with LLM Guard's own English patterns; ``None`` where LLM Guard is not there."""
    spec = importlib.util.find_spec("llm_guard")
    if spec is None or not spec.submodule_search_locations:
        return None
    root = spec.submodule_search_locations[0]
    for name in PACKAGES:
        package = ModuleType(name)
        package.__path__ = [f"{root}/{name.partition('.')[2].replace('.', '/')}"]
        sys.modules[name] = package
    # It logs each match, which would cost it more than finding it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    regex = importlib.import_module("llm_guard.input_scanners.regex")
    own = importlib.import_module("llm_guard.input_scanners.anonymize_helpers.regex_patterns")
    patterns = [
        expression
        for group in own.DEFAULT_REGEX_PATTERNS
        if group["name"] in PATTERNS and "en" in group["languages"]
        for expression in group["expressions"]
    ]
    return regex.Regex(patterns)


def scanned(scanner: Any, text: str) -> str:
    """The text without any value: a scan ends with the first pattern that matches; it is repeated until none does."""
    is_clean = False
    while not is_clean:
        text, is_clean, _ = scanner.scan(text)
    return text
