"""What prompts show as examples, and what they are tested with, out of the files of both."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from evals.suites.core_yaml import CoreYamlError, read_yaml
from inferspect.configuration_file import ConfigurationError, Problem

FRONT_MATTER = re.compile(r"\A---\n.*?^---\n", re.DOTALL | re.MULTILINE)
MESSAGE = re.compile(r"^# (system|user|assistant)[ \t]*$", re.MULTILINE)
TEMPLATE = re.compile(r"\{\{|\{%")


def write_examples(folder: Path, file: Path) -> int:
    """Write questions of examples: what a user says in a prompt that an answer follows to. Returns how many.

    Raises:
        ConfigurationError: a prompt cannot be read.
    """
    return _write(file, _examples(folder))


def write_cases(folder: Path, file: Path) -> int:
    """Write the texts of cases, variable by variable. Returns how many.

    Raises:
        ConfigurationError: a file of cases is no YAML, or nested without end.
    """
    return _write(file, _cases(folder))


def _examples(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted((folder / "prompts").rglob("*.md")):
        try:
            parts = MESSAGE.split(FRONT_MATTER.sub("", file.read_text(encoding="utf-8"), count=1))
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(file, error) from None
        messages = list(zip(parts[1::2], parts[2::2], strict=True))
        for (role, text), (next_role, _) in pairwise(messages):
            if role == "user" and next_role == "assistant" and not TEMPLATE.search(text):
                yield str(file.relative_to(folder)), text.strip()


def _cases(folder: Path) -> Iterator[tuple[str, str]]:
    for file in sorted((folder / "suites").glob("*/cases/*.yaml")):
        try:
            cases = read_yaml(file)
        except CoreYamlError as error:
            raise _unreadable(file, error) from None
        for number, case in enumerate(cases if isinstance(cases, list) else []):
            if isinstance(case, Mapping):
                name = f"{file.relative_to(folder)}: {case.get('description') or number + 1}"
                try:
                    yield from ((name, text) for text in _texts(case.get("vars")))
                except RecursionError:
                    raise _unreadable(file, f"case {number + 1} is nested without end") from None


def _unreadable(file: Path, reason: object) -> ConfigurationError:
    return ConfigurationError(file, [Problem((), f"cannot be read: {' '.join(str(reason).split())}", "mend the file")])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _write(file: Path, rows: Iterator[tuple[str, str]]) -> int:
    count = 0
    with file.open("w", encoding="utf-8", newline="") as opened:
        written = csv.writer(opened)
        written.writerow(["source", "text"])
        for row in rows:
            written.writerow(row)
            count += 1
    return count
