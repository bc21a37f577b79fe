"""The stored baseline: what each case of a suite did when it was last accepted, one line a case."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from evals.suites.results import CaseResult, Identity

# A figure that moved less keeps the text it had, so that a diff shows what changed. It is less than what drift lets
# pass, or a drift could not be accepted.
COST_UNMOVED, LATENCY_UNMOVED = 0.15, 0.25
DIGITS = 3


class BaselineError(Exception):
    """A baseline that cannot be used or written; the message names the file."""


class Entry(BaseModel):
    """One case.

    Attributes:
        score: mean of the runs that passed, 0 to 1; ``None`` where none did.
        cost: US dollars a run; ``None`` where the gateway told none.
        latency: milliseconds a run, with its standard deviation over the runs.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    case: str
    prompt: str = ""
    provider: str = ""
    runs: int = Field(ge=1)
    passes: int = Field(ge=0)
    passed: bool
    score: float | None = None
    cost: float | None = None
    latency: float = Field(ge=0)
    latency_deviation: float = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _no_more_passes_than_runs(self) -> Entry:
        if self.passes > self.runs:
            raise ValueError("more passes than runs")
        return self

    @property
    def identity(self) -> Identity:
        return Identity(self.case, self.prompt, self.provider)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    suite: str
    model: str
    cases: list[Entry]


@dataclass(frozen=True, slots=True)
class Baselines:
    """Those of one model, a file a suite.

    Attributes:
        folder: of all models.
    """

    folder: Path
    model: str

    def path(self, suite: str) -> Path:
        return self.folder / slug(self.model) / f"{suite}.json"

    def suites(self) -> set[str]:
        """Names of the suites that have one."""
        return {path.stem for path in self.path("any").parent.glob("*.json") if not path.name.startswith(".")}

    def remove(self, suite: str) -> Path:
        """Remove that of a suite that is no more.

        Raises:
            BaselineError: it cannot be removed.
        """
        path = self.path(suite)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise BaselineError(f"{path}: cannot be removed ({error.strerror})") from error
        return path

    def read(self, suite: str) -> dict[Identity, Entry] | None:
        """The entries of a suite; ``None`` where it has no baseline yet.

        Raises:
            BaselineError: the file is wrong.
        """
        path = self.path(suite)
        if not path.exists():
            return None
        try:
            content = _File.model_validate_json(path.read_bytes())
        except OSError as error:
            raise BaselineError(f"{path}: cannot be read ({error.strerror})") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise BaselineError(
                f"{path}: {where}: {first['msg']}; mend it, or write it anew with --update-baseline"
            ) from error
        if content.model != self.model or content.suite != suite:
            raise BaselineError(
                f"{path}: is of suite {content.suite!r} and model {content.model!r}, not {self.model!r}"
            )
        entries = {entry.identity: entry for entry in content.cases}
        if len(entries) < len(content.cases):
            raise BaselineError(f"{path}: a case is there twice; write it anew with --update-baseline")
        return entries

    def write(self, suite: str, cases: Iterable[CaseResult]) -> Path:
        """Write what a run found, whole or not at all; figures that hardly moved stay as they were.

        Raises:
            BaselineError: a case has an error, or the file cannot be written.
        """
        path, cases = self.path(suite), list(cases)
        if wrong := [case for case in cases if case.errors]:
            raise BaselineError(f"{path}: not written, as {len(wrong)} cases have errors, such as {wrong[0].identity}")
        try:
            before = self.read(suite) or {}
        except BaselineError:
            before = {}
        entries = [entry_of(case, before.get(case.identity)) for case in cases]
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_name(f".{path.name}.new")
            new.write_text(_text(suite, self.model, entries), encoding="utf-8")
            new.replace(path)
        except OSError as error:
            raise BaselineError(f"{path}: cannot be written ({error.strerror})") from error
        return path


def entry_of(case: CaseResult, before: Entry | None = None) -> Entry:
    """A case as a baseline keeps it."""
    return Entry(
        case=case.identity.case,
        prompt=case.identity.prompt,
        provider=case.identity.provider,
        runs=len(case.runs),
        passes=case.passes,
        passed=case.passed,
        score=None if case.score is None else round(case.score, DIGITS),
        cost=None if case.cost is None else _kept(before.cost if before else None, _rounded(case.cost), COST_UNMOVED),
        latency=_kept(before.latency if before else None, _rounded(case.latency, 2)),
        latency_deviation=_kept(before.latency_deviation if before else None, _rounded(case.latency_deviation, 2)),
    )


def slug(model: str) -> str:
    """A model's name as that of a folder."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", model).strip(".-") or "model"


def _text(suite: str, model: str, entries: Sequence[Entry]) -> str:
    lines = ",\n".join(
        f"  {json.dumps(entry.model_dump(exclude_defaults=True), ensure_ascii=False)}"
        for entry in sorted(entries, key=lambda one: one.identity)
    )
    return f'{{\n"suite": {json.dumps(suite)},\n"model": {json.dumps(model)},\n"cases": [\n{lines}\n]\n}}\n'


def _rounded(figure: float, digits: int = DIGITS) -> float:
    return float(f"{figure:.{digits}g}")


def _kept(before: float | None, now: float, unmoved: float = LATENCY_UNMOVED) -> float:
    return before if before and abs(now - before) < unmoved * before else now
