"""The suite as it is handed to the program: which checks with which limits, and which files there are beside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


class JobError(Exception):
    """What is wrong with the input, for a person to mend."""


@dataclass(frozen=True, slots=True)
class Job:
    """One report to be made. Paths are relative to the folder of the suite's file.

    Attributes:
        title: of the report.
        facts: shown below the title, such as the tenant and the window.
        checks: each a mapping with its ``type`` and its parameters.
        baseline: responses that the input is compared with, in the same columns.
        questions: CSV of ``part`` (``window``, ``baseline``), ``id`` and ``text``, for topics.
        answers: CSV of ``prompt_hash``, ``id`` and ``text``: answers to prompts that came more than once.
        examples: CSV of ``source`` and ``text``: examples that stand in prompts; ``cases`` those that prompts are
            tested with.
        show_texts: whether the report may quote questions and answers.
    """

    title: str
    checks: Sequence[Mapping[str, Any]]
    facts: Mapping[str, str] = field(default_factory=dict)
    baseline: Path | None = None
    questions: Path | None = None
    answers: Path | None = None
    examples: Path | None = None
    cases: Path | None = None
    show_texts: bool = False


FILES = ("baseline", "questions", "answers", "examples", "cases")


def read_job(file: Path) -> Job:
    """The job of a JSON file.

    Raises:
        JobError: it cannot be read, or has a key that there is not.
    """
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JobError(f"{file}: cannot be read as JSON: {error}") from error
    if not isinstance(values, dict):
        raise JobError(f"{file}: holds no object")
    unknown = values.keys() - {each.name for each in fields(Job)}
    if unknown:
        raise JobError(f"{file}: unknown keys: {', '.join(sorted(unknown))}")
    checks = values.get("checks")
    if not isinstance(checks, list) or not all(isinstance(each, dict) and "type" in each for each in checks):
        raise JobError(f"{file}: `checks` must be a list of objects with a `type`")
    paths = {name: file.parent / values[name] for name in FILES if values.get(name) is not None}
    return Job(**{"title": file.stem, **values, **paths})
