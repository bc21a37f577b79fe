"""Reads a YAML file into a model, so that each mistake in it is told with its line."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from inferspect.configuration_file import ConfigurationError, Problem, read_mapping

Model = TypeVar("Model", bound=BaseModel)
REMEDY = "see docs/deepchecks.md"
LONGEST_SHOWN = 80


def read_model(file: Path, model: type[Model]) -> Model:
    """The file's content.

    Raises:
        ConfigurationError: it cannot be read, or is not as the model wants it; every problem with its line.
    """
    content, lines = read_mapping(file)
    try:
        return model.model_validate(content)
    except ValidationError as error:
        problems = []
        for detail in error.errors():
            path = _in_file(detail["loc"], lines)
            shown = repr(detail["input"])[:LONGEST_SHOWN] if path in lines else None
            problems.append(Problem(path, detail["msg"].removeprefix("Value error, "), REMEDY, shown))
        raise ConfigurationError(file, problems, lines) from None


def _in_file(place: tuple[int | str, ...], lines: Container[tuple[int | str, ...]]) -> tuple[str | int, ...]:
    """The place without the names that pydantic gives to alternatives, which stand in no file."""
    path: tuple[str | int, ...] = ()
    for number, part in enumerate(place):
        longer = (*path, part)
        if longer in lines or number == len(place) - 1:
            path = longer
    return path
