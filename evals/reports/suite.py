"""Suites of checks as YAML files: which checks, with which limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from evals.reports.limits import ScoreLimits
from evals.reports.yaml_file import read_model
from inferspect.configuration_file import ConfigurationError, Problem
from inferspect.observation.durations import Ratio
from inferspect.observation.reports import Name
from inferspect.section import Section

SHIPPED = Path(__file__).parents[1] / "deepchecks" / "suites"
Count = Annotated[int, Field(ge=1)]
Columns = tuple[str, ...]


class _Check(Section):
    def job(self, folder: Path, limits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """As the program that runs Deepchecks reads it."""
        del folder, limits
        return self.model_dump(mode="json")


class LimitsCheck(_Check):
    """Means and percentiles against the tenant's limits, and against those of the suite itself."""

    type: Literal["limits"]
    scores: dict[str, ScoreLimits] = Field(default_factory=dict)

    def job(self, folder: Path, limits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """As in the other checks; with the tenant's limits."""
        del folder
        own = [row for score, each in self.scores.items() for row in each.rows(score, "suite")]
        return {"type": "thresholds", "limits": [*limits, *own]}


class DriftCheck(_Check):
    """Columns that are distributed otherwise than in the baseline."""

    type: Literal["drift"]
    columns: Columns | None = None
    besides: Columns = ()
    numbers: Ratio = 0.1
    categories: Ratio = 0.1
    alpha: Annotated[Ratio, Field(gt=0, lt=1)] = 0.01
    at_least: Annotated[int, Field(ge=20)] = 50


class MissingCheck(_Check):
    """Columns that lack a value in too many responses."""

    type: Literal["missing"]
    max_share: Ratio
    columns: Columns | None = None
    at_least: Count = 50


class MissingMoreCheck(_Check):
    """Columns that lack a value more often than in the baseline."""

    type: Literal["missing_more"]
    max_rise: Ratio = 0.2
    columns: Columns | None = None
    besides: Columns = ()
    at_least: Count = 50


class OutliersCheck(_Check):
    """Values far beyond the middle half."""

    type: Literal["outliers"]
    max_share: Ratio = 0.1
    fences: Annotated[float, Field(gt=0)] = 3.0
    columns: Columns | None = None
    besides: Columns = ()
    at_least: Count = 50


class DuplicatesCheck(_Check):
    """Responses that repeat an earlier one."""

    type: Literal["duplicates"]
    max_share: Ratio = 0.5
    at_least: Count = 50


class ConflictsCheck(_Check):
    """Answers to one prompt that contradict each other."""

    type: Literal["conflicts"]
    max_share: Ratio = 0.1
    similarity: Ratio = 0.15
    at_least: Count = 10


class LeakageCheck(_Check):
    """Cases of prompt suites that are examples in prompts."""

    type: Literal["leakage"]
    similarity: Annotated[Ratio, Field(gt=0)] = 0.8
    max_cases: Annotated[int, Field(ge=0)] = 0


class DeepchecksCheck(_Check):
    """Any check of ``deepchecks.tabular.checks``."""

    type: Literal["deepchecks"]
    check: Annotated[str, Field(pattern=r"^[A-Z]\w*$")]
    parameters: dict[str, Any] = Field(default_factory=dict)
    conditions: dict[str, Any] = Field(default_factory=dict)


class PythonCheck(_Check):
    """Checks that a function of a Python file makes; the path is relative to the suite's file."""

    type: Literal["python"]
    file: Path
    function: Annotated[str, Field(pattern=r"^[A-Za-z_]\w*$")] = "checks"

    def job(self, folder: Path, limits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """As in the other checks; with the whole path."""
        del limits
        return {"type": self.type, "file": str((folder / self.file).resolve()), "function": self.function}


AnyCheck = Annotated[
    LimitsCheck
    | DriftCheck
    | MissingCheck
    | MissingMoreCheck
    | OutliersCheck
    | DuplicatesCheck
    | ConflictsCheck
    | LeakageCheck
    | DeepchecksCheck
    | PythonCheck,
    Field(discriminator="type"),
]


class Suite(Section):
    """Checks under a name, which is also that of the file."""

    name: Name
    description: str = ""
    checks: Annotated[tuple[AnyCheck, ...], Field(min_length=1)]

    @property
    def needs_responses(self) -> bool:
        """Whether it looks at responses, and not only at prompts and suites in files."""
        return any(not isinstance(check, LeakageCheck) for check in self.checks)

    def has(self, kind: str) -> bool:
        """Whether it has a check of that type."""
        return any(check.type == kind for check in self.checks)

    def jobs(self, folder: Path, limits: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """All checks as the program reads them; ``folder`` is that of the suite's file."""
        return [check.job(folder, limits) for check in self.checks]


def find_suite(name: str, own: Path | None) -> tuple[Suite, Path]:
    """A suite by its name, and the folder of its file; an operator's own before one that ships.

    Raises:
        ConfigurationError: there is none, or it is wrong.
    """
    folders = [folder for folder in (own, SHIPPED) if folder is not None]
    for folder in folders:
        file = folder / f"{name}.yaml"
        if file.is_file():
            suite = read_model(file, Suite)
            if suite.name != name:
                remedy = f"name it {name}, or rename the file"
                problem = Problem(("name",), "is not that of the file", remedy, suite.name)
                raise ConfigurationError(file, [problem])
            return suite, folder
    known = sorted({file.stem for folder in folders for file in folder.glob("*.yaml")})
    problem = Problem((), "there is no such suite", f"there are: {', '.join(known)}")
    raise ConfigurationError(folders[0] / f"{name}.yaml", [problem])
