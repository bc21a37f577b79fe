"""Reads and checks ``litellm_config.yaml`` whole: every problem at once, with file, line, path, value and remedy."""

from __future__ import annotations

import difflib
import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from inferspect.settings import Settings, settings_from

LITELLM_KEYS = frozenset(
    {
        "model_list",
        "litellm_settings",
        "general_settings",
        "router_settings",
        "environment_variables",
        "guardrails",
        "prompts",
        "policies",
        "mcp_servers",
        "mcp_tools",
        "credential_list",
        "files_settings",
        "finetune_settings",
        "vector_store_registry",
        "search_tools",
        "agent_list",
        "include",
        "assistant_settings",
        "callback_settings",
        "cache_settings",
    }
)
OWN_KEY = "inferspect"
CALLBACK_LISTS = ("callbacks", "success_callback", "failure_callback")
FALLBACK_LISTS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")

PathInFile = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong; ``value`` is shown to the operator, so secrets never get here."""

    path: PathInFile
    message: str
    remedy: str
    value: str | None = None


class ConfigurationError(Exception):
    """The configuration cannot be used; the message lists every problem for a person to mend."""

    def __init__(self, file: Path, problems: list[Problem], lines: Mapping[PathInFile, int] | None = None) -> None:
        self.file = file
        self.problems = problems
        described = [_described(file, problem, lines or {}) for problem in problems]
        super().__init__("\n".join([f"{file}: {len(problems)} problem(s)", *described]))


@dataclass(frozen=True, slots=True)
class Configuration:
    """The checked configuration: all of it as parsed, and InferSpect's own part typed."""

    file: Path
    content: Mapping[str, Any]
    settings: Settings
    default_rules: Mapping[str, Any]


def load_configuration(file: Path) -> Configuration:
    """Read and check the configuration.

    Raises:
        ConfigurationError: with every problem found.
    """
    content, lines = _read(file)
    problems = [*_unknown_keys(content), *_callbacks(content, file), *_models(content), *_fallbacks(content)]
    try:
        settings = settings_from(content.get(OWN_KEY))
    except ValidationError as error:
        problems += [_from_pydantic(detail) for detail in error.errors()]
    except TypeError:
        problems.append(Problem((OWN_KEY,), "must be a mapping", "write settings below it, indented"))
    if problems:
        raise ConfigurationError(file, problems, lines)
    return Configuration(file, content, settings, settings.default_rules.model_dump(mode="json", exclude_unset=True))


def _read(file: Path) -> tuple[dict[str, Any], dict[PathInFile, int]]:
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
    except yaml.YAMLError as error:
        raise _broken(file, f"no valid YAML: {error}", "mend the syntax") from None
    if not isinstance(content, dict):
        raise _broken(file, "the file holds no mapping", "start from the litellm_config.yaml of the repository")
    lines: dict[PathInFile, int] = {}
    problems = list(_duplicates(root, (), lines))
    if problems:
        raise ConfigurationError(file, problems, lines)
    return content, lines


def _broken(file: Path, message: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(file, [Problem((), message, remedy)])


def _duplicates(node: yaml.Node | None, path: PathInFile, lines: dict[PathInFile, int]) -> Iterator[Problem]:
    """Keys given twice, of which YAML would silently keep the last; fills ``lines`` on its way."""
    if node is None:
        return
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _duplicates(item, (*path, index), lines)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                yield Problem((*path, name), "is given twice", "keep one of them")
            seen.add(name)
            yield from _duplicates(value, (*path, name), lines)
            lines[(*path, name)] = key.start_mark.line + 1


def _unknown_keys(content: Mapping[str, Any]) -> Iterator[Problem]:
    known = LITELLM_KEYS | {OWN_KEY}
    for key in content:
        if key not in known:
            yield Problem(
                (str(key),), "is no key of LiteLLM's or InferSpect's configuration", _suggestion(str(key), known)
            )


def _callbacks(content: Mapping[str, Any], file: Path) -> Iterator[Problem]:
    for name in CALLBACK_LISTS:
        entries = _section(content, "litellm_settings").get(name)
        if entries is None:
            continue
        if not isinstance(entries, list):
            yield Problem(("litellm_settings", name), "must be a list", "write one callback a line", repr(entries))
            continue
        for index, entry in enumerate(entries):
            if isinstance(entry, str) and "." in entry and not _is_importable(entry.rpartition(".")[0], file.parent):
                yield Problem(
                    ("litellm_settings", name, index),
                    "names a module that cannot be found",
                    "correct the name, put the file beside the configuration, or install its package",
                    entry,
                )


def _is_importable(module: str, folder: Path) -> bool:
    if (folder / Path(*module.split("."))).with_suffix(".py").is_file():
        return True
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def _models(content: Mapping[str, Any]) -> Iterator[Problem]:
    models = content.get("model_list", [])
    if not isinstance(models, list):
        yield Problem(("model_list",), "must be a list", "start each model with `- model_name:`")
        return
    for index, entry in enumerate(models):
        parameters = entry.get("litellm_params") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(entry.get("model_name"), str):
            yield Problem(("model_list", index), "has no model_name", "give the name that clients will use")
        elif not isinstance(parameters, Mapping) or not isinstance(parameters.get("model"), str):
            yield Problem(
                ("model_list", index, "litellm_params"),
                f"of {entry['model_name']!r} names no model",
                "add litellm_params.model, such as openai/gpt-4o",
            )


def _fallbacks(content: Mapping[str, Any]) -> Iterator[Problem]:
    models = content.get("model_list")
    names = [e.get("model_name") for e in models if isinstance(e, Mapping)] if isinstance(models, list) else []
    for section in ("router_settings", "litellm_settings"):
        for name in FALLBACK_LISTS:
            chains = _section(content, section).get(name) or []
            for index, chain in enumerate(chains if isinstance(chains, list) else []):
                if not isinstance(chain, Mapping):
                    yield Problem((section, name, index), "must be a mapping", "write `- model: [fallback, ...]`")
                    continue
                for model, targets in chain.items():
                    for target in [model, *(targets if isinstance(targets, list) else [targets])]:
                        if isinstance(target, str) and target != "*" and not _is_served(target, names):
                            known = {str(served) for served in names}
                            yield Problem(
                                (section, name, index, str(model)),
                                "names a model that model_list does not have",
                                _suggestion(target, known),
                                target,
                            )


def _is_served(model: str, names: list[Any]) -> bool:
    return any(isinstance(name, str) and fnmatch.fnmatchcase(model, name) for name in names)


def _section(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = content.get(name)
    return section if isinstance(section, Mapping) else {}


def _from_pydantic(detail: Any) -> Problem:
    path = tuple(detail["loc"])
    if detail["type"] == "extra_forbidden":
        return Problem(
            (OWN_KEY, *path), "is no setting of InferSpect", _suggestion(str(path[-1]), _fields_at(path[:-1]))
        )
    message = str(detail["msg"])
    return Problem(
        (OWN_KEY, *path), message[0].lower() + message[1:], "see docs/settings.md", repr(detail["input"])[:200]
    )


def _fields_at(path: tuple[Any, ...]) -> frozenset[str]:
    """Names of the settings in the section at ``path``."""
    model: type[BaseModel] = Settings
    for step in path:
        field = model.model_fields.get(str(step))
        if field is None or not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            return frozenset()
        model = field.annotation
    return frozenset(model.model_fields)


def _suggestion(name: str, known: frozenset[str] | set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"remove it, or use one of: {', '.join(sorted(known))}" if known else "remove it"


def _described(file: Path, problem: Problem, lines: Mapping[PathInFile, int]) -> str:
    path = problem.path
    while path and path not in lines:
        path = path[:-1]
    line = f":{lines[path]}" if path in lines and problem.path else ""
    where = ".".join(map(str, problem.path)) or "file"
    value = "" if problem.value is None else f" (found: {problem.value})"
    return f"  {file.name}{line}: {where}: {problem.message}{value}; {problem.remedy}"
