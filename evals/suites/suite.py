"""A suite as it lies on disk: a Promptfoo configuration, its cases, and what we ask of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evals.suites.core_yaml import CoreYamlError, read_yaml
from inferspect.prompts.library import PromptFolder

CONFIGURATION, ANSWERS = "suite.yaml", "answers.yaml"
TAKEN = {"summary", "index"}  # by results of the whole run
FILE = "file://"
Options = TypeVar("Options", bound=BaseModel)


class SuiteError(Exception):
    """Something about the suites that a person must mend; the message names the file and the field."""


class SuiteOptions(BaseModel):
    """Our own part of a suite's configuration, ``metadata.inferspect``.

    Attributes:
        rules: tenant rules of the suite.
        parallel: whether it may run beside others.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: dict[str, Any] = Field(default_factory=dict)
    parallel: bool = True


class CaseOptions(BaseModel):
    """Our own part of a case's ``metadata``.

    Attributes:
        id: its stable identity; its description where there is none.
        repeat: how often it is run.
        pass_threshold: share of the runs that must pass.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    id: str | None = Field(default=None, min_length=1, max_length=200)
    repeat: int = Field(default=1, ge=1, le=1000)
    pass_threshold: float = Field(default=1.0, gt=0, le=1)


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a suite.

    Attributes:
        test: the test as Promptfoo takes it.
        file: where it stands.
    """

    name: str
    repeat: int
    pass_threshold: float
    test: Mapping[str, Any]
    file: Path


@dataclass(frozen=True, slots=True)
class Suite:
    """A folder with a configuration, cases and answers of the simulator."""

    name: str
    folder: Path
    options: SuiteOptions
    cases: tuple[Case, ...]

    @property
    def configuration(self) -> Path:
        return self.folder / CONFIGURATION


def find_suites(folder: Path, names: Sequence[str] = ()) -> list[Suite]:
    """The suites under ``folder/suites`` in the order of their names; those that are named, or all.

    Raises:
        SuiteError: one is not there, or wrong.
    """
    found = {path.parent.name: path.parent for path in (folder / "suites").glob(f"*/{CONFIGURATION}")}
    if not found:
        raise SuiteError(f"{folder / 'suites'}: no suite here; expected folders with a {CONFIGURATION}")
    if taken := sorted(TAKEN & found.keys()):
        raise SuiteError(f"{found[taken[0]]}: results of a run are called so; give the suite another name")
    unknown = [name for name in names if name not in found]
    if unknown:
        raise SuiteError(f"no suite {', '.join(unknown)} in {folder / 'suites'}; there are: {', '.join(sorted(found))}")
    return [read_suite(found[name]) for name in sorted(names or found)]


def check_prompts(folder: Path) -> None:
    """What reads prompts for suites takes more than the gateway does: let none pass that no request could use.

    Raises:
        SuiteError: naming each mistake in ``folder/prompts``, where that is there.
    """
    home = folder / "prompts"
    if not home.is_dir():
        return
    try:
        mistakes = PromptFolder(home).read().mistakes
    except OSError as error:
        raise SuiteError(f"{home}: {error.strerror}") from error
    if mistakes:
        raise SuiteError("the gateway would not serve these prompts:\n" + "\n".join(map(str, mistakes)))


def read_answers(folder: Path) -> list[tuple[Path, list[Any]]]:
    """Rules for the simulator by the file they stand in, of all suites under ``folder/suites``.

    Raises:
        SuiteError: a file is no list.
    """
    found = []
    for path in sorted((folder / "suites").glob(f"*/{ANSWERS}")):
        content = _read(path)
        rules = content.get("rules") if isinstance(content, dict) else content
        if not isinstance(rules, list):
            raise SuiteError(f"{path}: expected a list of rules; see docs/upstream-simulator.md")
        found.append((path, rules))
    return found


def read_suite(folder: Path) -> Suite:
    """The suite in a folder.

    Raises:
        SuiteError: it is wrong.
    """
    path = folder / CONFIGURATION
    content = _mapping(_read(path), f"{path}")
    if "scenarios" in content:
        raise SuiteError(f"{path}: scenarios are not run; write them as cases in cases/*.yaml")
    metadata = _mapping(content.get("metadata") or {}, f"{path}: metadata")
    options = _options(SuiteOptions, metadata.get("inferspect") or {}, f"{path}: metadata.inferspect")
    cases = tuple(_cases(folder, content))
    if not cases:
        raise SuiteError(f"{path}: the suite has no case, so it could never fail")
    return Suite(folder.name, folder, options, cases)


def _cases(folder: Path, content: Mapping[str, Any]) -> Iterator[Case]:
    path = folder / CONFIGURATION
    default_test = content.get("defaultTest") or {}
    if isinstance(default_test, str):
        default_test = _read(folder / default_test.removeprefix(FILE))
    defaults = _mapping(_mapping(default_test, f"{path}: defaultTest").get("metadata") or {}, f"{path}: defaultTest")
    seen: dict[str, Path] = {}
    for file, number, test in _tests(folder, content.get("tests")):
        where = f"{file}: case {number}"
        told = _mapping(_mapping(test, where).get("metadata") or {}, f"{where}: metadata")
        options = _options(CaseOptions, {**defaults, **told}, f"{where}: metadata")
        name = options.id or test.get("description")
        if not isinstance(name, str) or not name.strip():
            raise SuiteError(f"{where}: needs a description, which names it in results and in the baseline")
        if name in seen:
            raise SuiteError(f"{where}: {name!r} is a case of {seen[name]} already; names are unique within a suite")
        seen[name] = file
        yield Case(name, options.repeat, options.pass_threshold, test, file)


def _tests(folder: Path, tests: Any) -> Iterator[tuple[Path, int, Any]]:
    path = folder / CONFIGURATION
    for place, entry in enumerate(tests if isinstance(tests, list) else [tests], 1):
        if isinstance(entry, dict):
            yield path, place, entry
            continue
        if not isinstance(entry, str) or Path(entry).suffix not in {".yaml", ".yml", ".json"}:
            raise SuiteError(f"{path}: tests: {entry!r} is no YAML file of cases, such as file://cases/*.yaml")
        try:
            files = sorted(folder.glob(entry.removeprefix(FILE)))
        except (ValueError, NotImplementedError) as error:
            raise SuiteError(f"{path}: tests: {entry} is no pattern below the suite: {error}") from error
        if not files:
            raise SuiteError(f"{path}: tests: {entry} is no file")
        for file in files:
            content = _read(file)
            if content is not None and not isinstance(content, list):
                raise SuiteError(f"{file}: expected a list of cases")
            yield from ((file, number, test) for number, test in enumerate(content or [], 1))


def _read(path: Path) -> Any:
    try:
        return read_yaml(path)
    except CoreYamlError as error:
        raise SuiteError(str(error)) from error


def _mapping(content: Any, where: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise SuiteError(f"{where}: expected a mapping, found {type(content).__name__}")
    return content


def _options(kind: type[Options], told: Any, where: str) -> Options:
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise SuiteError(f"{where}: {problems}") from error
