"""The results that Promptfoo writes as JSON, read as what its run found; what is not complete is no result."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.suites.expanded import MARK, runs_of
from evals.suites.results import CaseResult, Identity, Run
from evals.suites.suite import Case

ERROR = 2  # ResultFailureReason.ERROR of Promptfoo; 1 is an assertion that did not hold
FORMAT = 3
STACK = re.compile(r"\n+\s+at ")  # where in Promptfoo's code an error arose helps nobody here


class ResultsError(Exception):
    """Promptfoo's results cannot be read or are not complete: an error, never a pass."""


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Named(_Lenient):
    id: str | None = None
    label: str | None = None

    @property
    def name(self) -> str:
        """The label, else the id; of a file its name alone, as its folder is another on every machine."""
        told = self.label or self.id or ""
        return Path(told).stem if told.startswith("file:") else told


class _Grading(_Lenient):
    passed: bool = Field(alias="pass")
    reason: str | None = None
    componentResults: list[_Grading] | None = None  # noqa: N815  as Promptfoo spells it


class _Mark(_Lenient):
    case: int
    run: int


class _Test(_Lenient):
    metadata: dict[str, Any] | None = None

    def mark(self) -> _Mark:
        return _Mark.model_validate((self.metadata or {}).get(MARK))


class _Result(_Lenient):
    success: bool
    score: float
    latencyMs: float = 0  # noqa: N815
    cost: float | None = None
    error: str | None = None
    failureReason: int = 0  # noqa: N815
    gradingResult: _Grading | None = None  # noqa: N815
    provider: _Named
    prompt: _Named
    testCase: _Test  # noqa: N815

    def run(self) -> Run:
        if self.failureReason == ERROR:
            error = STACK.split(self.error or "no answer, no reason given", maxsplit=1)[0]
            return Run(False, self.score, self.cost, self.latencyMs, error=error)
        return Run(self.success, self.score, self.cost, self.latencyMs, reason="" if self.success else self._reason())

    def _reason(self) -> str:
        failed = [one.reason for one in _leaves(self.gradingResult) if not one.passed and one.reason]
        return "; ".join(dict.fromkeys(failed)) or self.error or "an assertion did not hold"


class _Results(_Lenient):
    version: int
    results: list[_Result]


class _File(_Lenient):
    results: _Results


def read_results(path: Path, cases: Sequence[Case], at_least: int = 1) -> tuple[CaseResult, ...]:
    """The results of a run of ``cases``, in the order of their identities.

    Raises:
        ResultsError: they cannot be read, or a run of a case has none.
    """
    try:
        content = _File.model_validate_json(_whole_characters(path.read_bytes()))
    except OSError as error:
        raise ResultsError(f"Promptfoo wrote no results ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ResultsError(f"{path.name} is not what Promptfoo should write: {where}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{path.name} is not what Promptfoo should write: {error}") from error
    if content.results.version != FORMAT:
        raise ResultsError(f"{path.name} has format {content.results.version} of Promptfoo; this gate reads {FORMAT}")
    runs: dict[tuple[int, str, str], list[Run]] = {}
    for result in content.results.results:
        key = (_case_of(result, cases, path), result.prompt.name, result.provider.name)
        runs.setdefault(key, []).append(result.run())
    missing = [case.name for number, case in enumerate(cases) if all(number != key[0] for key in runs)]
    if missing:
        raise ResultsError(f"no result of {len(missing)} cases, such as {missing[0]!r}")
    for (number, _, _), told in runs.items():
        if len(told) < (wanted := runs_of(cases[number], at_least)):
            raise ResultsError(f"{len(told)} results of {wanted} runs of {cases[number].name!r}")
    found = [
        CaseResult(Identity(cases[number].name, prompt, provider), cases[number].pass_threshold, tuple(told))
        for (number, prompt, provider), told in runs.items()
    ]
    return tuple(sorted(found, key=lambda one: one.identity))


def _whole_characters(content: bytes) -> str:
    """The JSON without halves of characters: JavaScript may cut a text in the midst of one, and no file takes it."""
    told = json.dumps(json.loads(content), ensure_ascii=False)
    return told.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _case_of(result: _Result, cases: Sequence[Case], path: Path) -> int:
    try:
        number = result.testCase.mark().case
    except ValidationError:
        number = -1
    if not 0 <= number < len(cases):
        raise ResultsError(f"{path.name} has a result of a case that was not run")
    return number


def _leaves(grading: _Grading | None) -> Iterator[_Grading]:
    if grading is None:
        return
    if not grading.componentResults:
        yield grading
    for component in grading.componentResults or []:
        yield from _leaves(component)
