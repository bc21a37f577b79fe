"""Reads and checks ``litellm_config.yaml`` whole: every problem at once, with file, line, path, value and remedy."""

from __future__ import annotations

import difflib
import fnmatch
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_settings import SettingsError

from inferspect.configuration_file import ConfigurationError, Problem, read_mapping
from inferspect.extension import read_own_entities
from inferspect.outgoing.urls import LOGIN
from inferspect.prompts.settings import folder_of
from inferspect.secret import NO_REFERENCE
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
CHANNELS = ("alerts", "channels")
WITHOUT_SECRETS = ("INFERSPECT_ACCESS", "INFERSPECT_LIMITS", "INFERSPECT_EVENTS", "INFERSPECT_LOG")
IN_PLACE_OF_A_MAPPING = frozenset({"dict_type", "model_type", "model_attributes_type"})
FALLBACK_LISTS = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")


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
    content, lines = read_mapping(file)
    problems = [*_unknown_keys(content), *_callbacks(content, file), *_models(content), *_fallbacks(content)]
    own = content.get(OWN_KEY)
    if isinstance(own, Mapping):
        read_own_entities(own)
    try:
        settings = settings_from(own)
    except ValidationError as error:
        problems += [_from_pydantic(detail, own) for detail in error.errors()]
    except TypeError:
        problems.append(Problem((OWN_KEY,), "must be a mapping", "write settings below it, indented"))
    except SettingsError as error:
        problems.append(_from_environment(error))
    else:
        problems += _prompts(settings, file)
    if problems:
        raise ConfigurationError(file, problems, lines)
    return Configuration(file, content, settings, settings.default_rules.model_dump(mode="json", exclude_unset=True))


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
            if isinstance(entry, str) and "." in entry:
                wrong = _wrong_with(entry.rpartition(".")[0], file.parent)
                if wrong is not None:
                    yield Problem(("litellm_settings", name, index), *wrong, entry)


def _wrong_with(module: str, folder: Path) -> tuple[str, str] | None:
    """Why a hook's module cannot be imported and what to do; ``None`` where it can."""
    if (folder / Path(*module.split("."))).with_suffix(".py").is_file():
        return None
    try:
        if find_spec(module) is not None:
            return None
    except (ImportError, ValueError):
        pass
    except Exception as error:  # noqa: BLE001  finding a module runs the packages around it, whatever they do
        return f"is in a package that fails to import ({type(error).__name__}: {error})", "mend the package"
    return (
        "names a module that cannot be found",
        "correct the name, put the file beside the configuration, or install its package",
    )


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
    if "include" in content:
        return  # models may be in the other files
    models = content.get("model_list")
    names = [e.get("model_name") for e in models if isinstance(e, Mapping)] if isinstance(models, list) else []
    aliases = _section(content, "router_settings").get("model_group_alias")
    names += list(aliases) if isinstance(aliases, Mapping) else []
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


def _from_pydantic(detail: Any, own: Any) -> Problem:
    path = tuple(detail["loc"])
    written = _as_written(path, own)
    if detail["type"] == "extra_forbidden":
        return Problem(
            (OWN_KEY, *written), "is no setting of InferSpect", _suggestion(str(path[-1]), _fields_at(path[:-1]))
        )
    message = str(detail["msg"]).removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    value = None if _may_be_secret(detail, message) else repr(detail["input"])[:200]
    variable = "INFERSPECT_" + "__".join(map(str, path)).upper()
    if variable in os.environ:
        return Problem((), message, "correct the variable or unset it", value, variable)
    return Problem((OWN_KEY, *written), message, "see docs/settings.md", value)


def _prompts(settings: Settings, file: Path) -> Iterator[Problem]:
    try:
        folder_of(settings.prompts, file)
    except ValueError as error:
        variable = "INFERSPECT_PROMPTS__FOLDER"
        yield Problem(
            (OWN_KEY, "prompts", "folder"),
            str(error),
            "correct it, or make the folder",
            variable=variable if variable in os.environ else None,
        )


def _may_be_secret(detail: Any, message: str) -> bool:
    """What was written in place of a reference is one; what stands for a mapping, or below channels, may hold one."""
    return (
        message in (NO_REFERENCE, LOGIN)
        or isinstance(detail["input"], Mapping)
        or detail["type"] in IN_PLACE_OF_A_MAPPING
        or tuple(detail["loc"][: len(CHANNELS)]) == CHANNELS
    )


def _as_written(path: tuple[Any, ...], section: Any) -> tuple[Any, ...]:
    """The path in the file: pydantic puts the `type` of an object, by which it chose the model, into it as a step."""
    steps: list[Any] = []
    for step in path:
        if isinstance(section, Mapping) and step not in section and section.get("type") == step:
            continue
        steps.append(step)
        if isinstance(section, Mapping):
            section = section.get(step)
        elif isinstance(section, list) and isinstance(step, int) and step < len(section):
            section = section[step]
        else:
            section = None
    return tuple(steps)


def _from_environment(error: SettingsError) -> Problem:
    """A variable that is no JSON where its setting is a list or mapping; the error names only the section."""
    named = re.search(r'field "(\w+)"', str(error))
    beginning = f"INFERSPECT_{named[1]}".upper() if named else "INFERSPECT_"
    variables = sorted(name for name in os.environ if name.upper().startswith(beginning))
    shown = len(variables) == 1 and variables[0].upper().startswith(WITHOUT_SECRETS)
    value = os.environ[variables[0]][:200] if shown else None
    message = "a list or mapping is written as JSON in the environment"
    return Problem((), message, "correct the variable or unset it", value, ", ".join(variables) or beginning)


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
