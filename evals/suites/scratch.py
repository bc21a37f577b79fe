"""Folders for the time of a run: the data of its gateway, the home of each Promptfoo process."""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

from evals.work_folder import remove_leftovers, work_folder

PREFIX = "inferspect-eval-"


def scratch_folder() -> AbstractContextManager[Path]:
    """A folder that is gone afterwards, or with the next run where this one is killed."""
    return work_folder(_place(), PREFIX)


def remove_those_of_killed_runs() -> int:
    """How many there were; those of runs that go on stay."""
    return remove_leftovers(_place(), PREFIX)


def _place() -> Path:
    return Path(tempfile.gettempdir())
