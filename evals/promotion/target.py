"""The suite that cases are promoted into: which variables its prompts take, and which cases it has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.promotion.case import input_key
from evals.promotion.case_file import NAME
from evals.suites.core_yaml import CoreYamlError, read_yaml
from evals.suites.suite import CONFIGURATION, FILE
from inferspect.prompts.file import read_prompt
from inferspect.prompts.mistake import PromptFileError
from inferspect.prompts.prompt import Prompt

VERSION = re.compile(r"v([1-9]\d*)\.md")
PROMPT_FUNCTION = "prompt.mjs"
SUITE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class TargetError(Exception):
    """The suite is not there, or cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class KnownCase:
    """A case that was written by hand, or promoted into another file."""

    file: Path
    description: str
    variables: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """A suite.

    Attributes:
        wanted: variables that each case has to bring along.
        prompts: the versions of its prompts, the newest of each first.
        is_safe: whether its prompts take values as values, whatever they look like.
        given: the assertions that it has for all cases, as text.
        shared: names of the assertions in files that it can use.
        known: cases of its other files.
    """

    name: str
    folder: Path
    wanted: frozenset[str]
    prompts: tuple[Prompt, ...]
    is_safe: bool
    given: str
    shared: frozenset[str]
    known: tuple[KnownCase, ...]

    @property
    def file(self) -> Path:
        """Where promoted cases stand."""
        return self.folder / "cases" / NAME

    def same_input(self, variables: Mapping[str, Any]) -> KnownCase | None:
        """A case of another file that asks the same."""
        key = input_key(variables)
        for case in self.known:
            if key == input_key({name: value for name, value in case.variables.items() if name in variables}):
                return case
        return None


def read_target(folder: Path, name: str) -> Target:
    """The suite of a name under ``folder/suites``.

    Raises:
        TargetError: see there.
    """
    place = folder / "suites" / name
    configuration = place / CONFIGURATION
    if not SUITE_NAME.fullmatch(name) or not configuration.is_file():
        there = ", ".join(sorted(path.parent.name for path in (folder / "suites").glob(f"*/{CONFIGURATION}")))
        raise TargetError(f"no suite {name!r} in {folder.absolute() / 'suites'}; there are: {there or 'none'}")
    content = _mapping(_read(configuration), configuration)
    if not _takes(content.get("tests")):
        raise TargetError(f"{configuration}: tests: has no file://cases/*.yaml, so a promoted case would never run")
    default = content.get("defaultTest") or {}
    if isinstance(default, str):
        default = _read(place / default.removeprefix(FILE))
    default = _mapping(default, configuration)
    known = tuple(_known(place))
    prompts = tuple(_prompts(folder, content.get("prompts")))
    entries = _list(content.get("prompts"))
    return Target(
        name,
        place,
        frozenset(_wanted(known, prompts) - set(default.get("vars") or {})),
        prompts,
        bool(entries) and all(str(_id(entry)).endswith(f"/{PROMPT_FUNCTION}") for entry in entries),
        json.dumps(default.get("assert") or [], default=str),
        frozenset(path.name for path in (folder / "shared").glob("*.*")),
        known,
    )


def _wanted(known: Sequence[KnownCase], prompts: Sequence[Prompt]) -> set[str]:
    """What all cases by hand bring along; where there are none, what the prompts take, or else all messages."""
    of_prompts = {name for prompt in prompts for name in prompt.variables}
    if known:
        common = set.intersection(*(set(case.variables) for case in known))
        return common & {*of_prompts, "messages"} if prompts else common
    return of_prompts or {"messages"}


def _prompts(folder: Path, entries: Any) -> Iterator[Prompt]:
    """The versions of the prompts that the suite names; one that cannot be read only makes it harder to match."""
    for entry in _list(entries):
        config = entry.get("config") if isinstance(entry, Mapping) else None
        name = config.get("name") if isinstance(config, Mapping) else None
        if not isinstance(name, str) or not SUITE_NAME.fullmatch(name):
            continue
        numbers = [
            int(found[1])
            for file in (folder / "prompts" / name).glob("v*.md")
            if (found := VERSION.fullmatch(file.name))
        ]
        for number in sorted(numbers, reverse=True):
            try:
                yield read_prompt(folder / "prompts" / name / f"v{number}.md", name, number)
            except PromptFileError as error:
                raise TargetError(str(error)) from None


def _known(place: Path) -> Iterator[KnownCase]:
    for file in sorted((place / "cases").glob("*.yaml")):
        if file.name == NAME:
            continue
        for case in _list(_read(file)):
            if isinstance(case, Mapping) and isinstance(variables := case.get("vars"), Mapping):
                yield KnownCase(file, str(case.get("description") or "without a description"), variables)


def _takes(tests: Any) -> bool:
    return any(
        isinstance(entry, str) and entry.removeprefix(FILE) in {"cases/*.yaml", f"cases/{NAME}"}
        for entry in _list(tests)
    )


def _id(entry: Any) -> Any:
    return entry.get("id") if isinstance(entry, Mapping) else entry


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _read(path: Path) -> Any:
    try:
        return read_yaml(path)
    except CoreYamlError as error:
        raise TargetError(str(error)) from None


def _mapping(content: Any, path: Path) -> Mapping[str, Any]:
    if not isinstance(content, Mapping):
        raise TargetError(f"{path}: expected a mapping, found {type(content).__name__}")
    return content
