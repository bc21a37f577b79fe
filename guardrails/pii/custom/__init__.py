"""An operator's own recognizers, declared in a YAML file with the texts that prove them."""

from __future__ import annotations

from pathlib import Path

from guardrails.pii.custom.file import RecognizersFileError, read_definitions
from guardrails.pii.custom.proof import made
from guardrails.scanning.recognizer import Recognizer
from inferspect.tenancy.entities import register

__all__ = ["RecognizersFileError", "load_custom_recognizers"]


def load_custom_recognizers(path: Path) -> tuple[Recognizer, ...]:
    """The recognizers of a file; their entities become known, so that rules can name them.

    Loading the same file again is harmless: a pool process does so.

    Raises:
        RecognizersFileError: a ``ValueError`` that lists every problem of the file with its line: it cannot be read,
            something in it is wrong, an example is not found, or a counter-example is.
    """
    definitions, lines = read_definitions(path)
    recognizers = []
    problems = []
    for index, definition in enumerate(definitions):
        recognizer, wrong = made(definition, ("recognizers", index))
        problems += wrong
        if recognizer:
            recognizers.append(recognizer)
    if problems:
        raise RecognizersFileError(path, problems, lines)
    for definition in definitions:
        register(definition.as_entity())
    return tuple(recognizers)
