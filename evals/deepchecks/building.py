"""Makes the checks of a job: ours by their type, Deepchecks' own by the name of their class, others by a function."""

from __future__ import annotations

import html
import importlib.util
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import deepchecks.tabular.checks
from deepchecks.core.checks import BaseCheck

from evals.deepchecks.checks.drift import Drift
from evals.deepchecks.checks.leakage import Leakage
from evals.deepchecks.checks.outliers import Outliers
from evals.deepchecks.checks.repeated import Conflicts, Duplicates
from evals.deepchecks.checks.thresholds import Missing, MissingMore, Thresholds
from evals.deepchecks.job import JobError
from evals.deepchecks.responses import Responses

TYPES: Mapping[str, Callable[..., BaseCheck]] = {
    "conflicts": Conflicts,
    "drift": Drift,
    "duplicates": Duplicates,
    "leakage": Leakage,
    "missing": Missing,
    "missing_more": MissingMore,
    "outliers": Outliers,
    "thresholds": Thresholds,
}
OF_COLUMNS = ("columns", "besides")


def checks_of(specification: Mapping[str, Any], responses: Responses) -> Iterable[BaseCheck]:
    """The checks of one entry of a suite.

    Raises:
        JobError: it has a type or a parameter that there is not, or its function cannot be used.
    """
    parameters = {name: value for name, value in specification.items() if name != "type"}
    kind = specification["type"]
    try:
        if kind == "python":
            return _of_file(responses, **parameters)
        if kind == "deepchecks":
            return [_of_deepchecks(**parameters)]
        if kind not in TYPES:
            raise JobError(f"no check has the type {kind!r}; there are: {', '.join(sorted(TYPES))}, deepchecks, python")
        return [TYPES[kind](responses, **_escaped(parameters))]
    except TypeError as error:
        raise JobError(f"the check {kind!r} has a wrong parameter: {error}") from error


def _of_deepchecks(
    check: str, parameters: Mapping[str, Any] | None = None, conditions: Mapping[str, Any] | None = None
) -> BaseCheck:
    """A check of ``deepchecks.tabular.checks``; conditions by what stands after ``add_condition_`` in their methods."""
    found = getattr(deepchecks.tabular.checks, check, None)
    if not (isinstance(found, type) and issubclass(found, BaseCheck)):
        raise JobError(f"Deepchecks has no check for tables that is named {check!r}")
    made = found(**dict(parameters or {}))
    for name, value in (conditions or {}).items():
        add = getattr(made, f"add_condition_{name}", None)
        if add is None:
            known = [each.removeprefix("add_condition_") for each in dir(made) if each.startswith("add_condition_")]
            raise JobError(f"the check {check!r} has no condition {name!r}; it has: {', '.join(known) or 'none'}")
        add(**value) if isinstance(value, Mapping) else add(value)
    return made


def _of_file(responses: Responses, file: str, function: str) -> list[BaseCheck]:
    made = _function(file, function)
    try:
        return list(made(responses))
    except Exception as error:  # whatever the function raises
        where = traceback.extract_tb(error.__traceback__)[-1]
        told = f"{type(error).__name__}: {error} (line {where.lineno} of {where.filename})"
        raise JobError(f"{file}: the function {function!r} failed: {told}") from error


def _function(file: str, function: str) -> Callable[[Responses], Iterable[BaseCheck]]:
    """A function of an operator's own file."""
    specification = importlib.util.spec_from_file_location(Path(file).stem, file)
    if specification is None or specification.loader is None:
        raise JobError(f"{file}: is no Python file")
    module = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except Exception as error:  # whatever the module raises
        raise JobError(f"{file}: cannot be imported: {type(error).__name__}: {error}") from error
    found: Callable[[Responses], Iterable[BaseCheck]] | None = getattr(module, function, None)
    if not callable(found):
        raise JobError(f"{file}: has no function {function!r}")
    return found


def _escaped(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Names of columns as the tables have them."""
    found = dict(parameters)
    for name in OF_COLUMNS:
        if found.get(name) is not None:
            found[name] = [html.escape(column) for column in found[name]]
    if "limits" in found:
        found["limits"] = [
            {**limit, "column": html.escape(limit["column"]), "source": html.escape(limit.get("source", ""))}
            for limit in found["limits"]
        ]
    return found
