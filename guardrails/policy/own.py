"""The entities of an operator's own recognizers and model, made known before rules that name them are read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from guardrails.pii.custom import load_custom_recognizers
from guardrails.pii.ner import load_ner_recognizers
from inferspect.configuration_file import ConfigurationError, Problem

SOURCES: dict[str, Callable[[Path], Any]] = {
    "recognizers": load_custom_recognizers,
    "nlp_engine": load_ner_recognizers,
}


def read_own_entities(settings: Mapping[str, Any]) -> None:
    """Read the files that ``guardrails`` of the settings, or the environment over them, names.

    Raises:
        ConfigurationError: one of the files is wrong.
    """
    section = settings.get("guardrails")
    for name, read in SOURCES.items():
        told = section.get(name) if isinstance(section, Mapping) else None
        file = os.environ.get(f"INFERSPECT_GUARDRAILS__{name.upper()}") or told
        if isinstance(file, str) and file:
            _read(read, Path(file))


def _read(read: Callable[[Path], Any], file: Path) -> None:
    try:
        read(file)
    except ConfigurationError:
        raise
    except (ValueError, ImportError, OSError) as error:
        raise ConfigurationError(file, [Problem((), str(error), "correct it, or install what it needs")]) from error
