"""Reads a YAML file so that each problem in it can be told with its line, and nothing in it is silently dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PathInFile = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; ``value`` is shown to the operator, so secrets never get here.

    ``variable`` is the environment variable at fault, where it is not the file.
    """

    path: PathInFile
    message: str
    remedy: str
    value: str | None = None
    variable: str | None = None


class ConfigurationError(Exception):
    """The configuration cannot be used; the message lists every problem for a person to mend."""

    def __init__(self, file: Path, problems: list[Problem], lines: Mapping[PathInFile, int] | None = None) -> None:
        self.file = file
        self.problems = problems
        described = [_described(file, problem, lines or {}) for problem in problems]
        super().__init__("\n".join([f"{file}: {len(problems)} problem(s)", *described]))


def read_mapping(file: Path) -> tuple[dict[str, Any], dict[PathInFile, int]]:
    """The file's content, and the line of each path in it.

    Raises:
        ConfigurationError: it cannot be read, is no YAML, holds no mapping, or gives a key twice.
    """
    try:
        text = file.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except FileNotFoundError:
        raise _broken(file, "the file does not exist", "name it in INFERSPECT_CONFIG, or restore it") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(file, f"the file cannot be read: {error}", "check its permissions and encoding") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise _broken(file, f"no valid YAML{place}: {error.problem}", "mend the syntax there") from None
    except (
        yaml.YAMLError,
        ValueError,
        RecursionError,
    ) as error:  # a date of 2024-13-45, deep nesting
        reason = " ".join(str(error).split())
        raise _broken(file, f"no valid YAML: {reason}", "mend the syntax") from None
    if not isinstance(content, dict):
        raise _broken(file, "the file holds no mapping", "start from the litellm_config.yaml of the repository")
    lines: dict[PathInFile, int] = {}
    problems = list(_duplicates(root, (), lines, set()))
    if problems:
        raise ConfigurationError(file, problems, lines)
    return content, lines


def _broken(file: Path, message: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(file, [Problem((), message, remedy)])


def _duplicates(
    node: yaml.Node | None, path: PathInFile, lines: dict[PathInFile, int], seen_nodes: set[int]
) -> Iterator[Problem]:
    """Keys given twice, of which YAML would silently keep the last; fills ``lines`` on its way.

    Args:
        seen_nodes: identities of the nodes seen; what an alias repeats is looked at once, and may contain itself.
    """
    if node is None:
        return
    lines[path] = node.start_mark.line + 1
    if id(node) in seen_nodes:
        return
    seen_nodes.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _duplicates(item, (*path, index), lines, seen_nodes)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                yield Problem((*path, name), "is given twice", "keep one of them")
            seen.add(name)
            yield from _duplicates(value, (*path, name), lines, seen_nodes)
            lines[(*path, name)] = key.start_mark.line + 1


def _described(file: Path, problem: Problem, lines: Mapping[PathInFile, int]) -> str:
    value = "" if problem.value is None else f" (found: {problem.value})"
    if problem.variable is not None:
        return f"  environment: {problem.variable}: {problem.message}{value}; {problem.remedy}"
    path = problem.path
    while path and path not in lines:
        path = path[:-1]
    line = f":{lines[path]}" if path in lines and problem.path else ""
    where = ".".join(map(str, problem.path)) or "file"
    return f"  {file.name}{line}: {where}: {problem.message}{value}; {problem.remedy}"
