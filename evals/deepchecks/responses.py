"""Responses as tables: what is measured of each, and by which it is known."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from deepchecks.core.errors import DeepchecksNotSupportedError

from evals.deepchecks.job import Job, JobError
from evals.deepchecks.topics import TOPIC, topics_of

# Columns that say which response it is; all others are measured.
ID = "id"
KNOWN_BY = (ID, "occurred_at", "model", "prompt_hash", "answer_hash", "skipped")


@dataclass(frozen=True, slots=True)
class Responses:
    """What is looked at, and what it is compared with.

    Names of columns and categories are escaped for HTML, as some of them come from outside.

    Attributes:
        window: a row a response.
        baseline: the same columns; ``None`` where there is nothing to compare with.
        numbers: names of columns that are numbers; ``categories`` of those that are words.
        answers: of prompts that came more than once; ``None`` where none are kept.
        examples: examples in prompts; ``cases`` what prompts are tested with.
        show_texts: whether the report may quote.
    """

    window: pd.DataFrame
    baseline: pd.DataFrame | None
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    answers: pd.DataFrame | None
    examples: pd.DataFrame | None
    cases: pd.DataFrame | None
    show_texts: bool

    @property
    def compared(self) -> pd.DataFrame:
        """The baseline, for checks that are not run without one."""
        if self.baseline is None:
            raise DeepchecksNotSupportedError("there is no baseline to compare with")
        return self.baseline


def read_responses(file: Path, job: Job) -> Responses:
    """All files of a job.

    Raises:
        JobError: one of them cannot be read.
    """
    window = _table(file)
    baseline = None if job.baseline is None else _table(job.baseline)
    if baseline is not None:
        everything = list(dict.fromkeys([*window.columns, *baseline.columns]))
        window, baseline = window.reindex(columns=everything), baseline.reindex(columns=everything)
    measured = [name for name in window.columns if name not in KNOWN_BY]
    parts = [window] if baseline is None else [window, baseline]
    numbers = tuple(name for name in measured if all(pd.api.types.is_numeric_dtype(part[name]) for part in parts))
    categories = [name for name in measured if name not in numbers]
    for part in parts:
        for name in categories:
            part[name] = part[name].map(_escaped, na_action="ignore").astype(object)
    if job.questions is not None:
        questions = _table(job.questions)
        for part, topics in zip(parts, topics_of(questions, parts), strict=True):
            part[TOPIC] = topics
        categories.append(TOPIC)
    return Responses(
        window,
        baseline,
        numbers,
        tuple(categories),
        _optional(job.answers),
        _optional(job.examples),
        _optional(job.cases),
        job.show_texts,
    )


def _table(file: Path) -> pd.DataFrame:
    texts = dict.fromkeys((*KNOWN_BY, "text", "source", "part"), "str")
    try:
        table = pd.read_csv(file, dtype=texts, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise JobError(f"{file}: cannot be read as CSV: {error}") from error
    return table.rename(columns={name: html.escape(name) for name in table.columns})


def _optional(file: Path | None) -> pd.DataFrame | None:
    return None if file is None else _table(file)


def _escaped(value: object) -> str:
    return html.escape(str(value)[:100])
