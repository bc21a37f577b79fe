"""Checks of what an operator writes: the environment, the configuration, the keys of providers."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from inferspect.configuration_file import ConfigurationError
from inferspect.doctor.examination import Examination
from inferspect.doctor.result import Result, error, info, ok, warning
from inferspect.launcher.prisma_client import ENGINE_PARENT
from inferspect.settings_reference import PREFIX, SEPARATOR, launch_entries, settings_entries

# Set by the launcher for its children, or read by infra/prisma-engine; no settings of an operator.
DEMO_URL = "INFERSPECT_DEMO_URL"
INTERNAL = {"INFERSPECT_CACHE_TYPE", DEMO_URL, ENGINE_PARENT, "INFERSPECT_NODE"}
REFERENCE = "os.environ/"
WITHOUT_KEY = {"hosted_vllm", "ollama", "ollama_chat"}  # servers of one's own, where a key is a matter of taste
# What providers read by themselves where the configuration names no variable: all of one of the groups.
STANDARD_VARIABLES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "anthropic": (("ANTHROPIC_API_KEY",),),
    "azure": (("AZURE_API_KEY", "AZURE_API_BASE"),),
    "bedrock": (
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION_NAME"),
        ("AWS_PROFILE_NAME", "AWS_REGION_NAME"),
    ),
    "gemini": (("GEMINI_API_KEY",), ("GOOGLE_API_KEY",)),
    "openai": (("OPENAI_API_KEY",),),
    "vertex_ai": (("GOOGLE_APPLICATION_CREDENTIALS", "VERTEXAI_PROJECT", "VERTEXAI_LOCATION"),),
}


def check_environment(examination: Examination) -> Result:
    """Variables of the launcher that are invalid, and misspelt ones, which would be ignored in silence."""
    if examination.launch_problems:
        return error(
            "environment", "\n".join(examination.launch_problems), "correct or unset them; see docs/settings.md"
        )
    known = known_variables()
    unknown = sorted(name for name in examination.environment if name.startswith(PREFIX) and name not in known)
    if unknown:
        return warning(
            "environment",
            f"no such settings: {', '.join(unknown)}",
            "; ".join(filter(None, (_meant(name, known) for name in unknown))) or "see docs/settings.md",
        )
    return ok("environment", "every variable is known and valid")


def check_configuration(examination: Examination) -> Result:
    configuration = examination.configuration
    if isinstance(configuration, ConfigurationError):
        return error("configuration", str(configuration), "correct each line; the gateway does not start before")
    models = configuration.content.get("model_list") or []
    return ok("configuration", f"{configuration.file} is valid, {len(models)} deployments")


def check_providers(examination: Examination) -> Result:
    """Which models of the configuration the environment has keys for; one line each."""
    configuration = examination.configuration
    if isinstance(configuration, ConfigurationError):
        return info("providers", "unknown, because the configuration is not valid")
    environment = dict(examination.environment)
    if configuration.settings.embedded.demo:
        environment.setdefault(DEMO_URL, "set by the launcher")
    lines = list(dict.fromkeys(_availability(configuration.content, environment)))
    return info("providers", "\n".join(lines) or "no models in the configuration; add them there or in the admin UI")


def known_variables() -> set[str]:
    """Every variable that starts with ``INFERSPECT_`` and means something, whole sections as JSON included."""
    known = INTERNAL | {entry.variable for entry in (*launch_entries(), *settings_entries())}
    for entry in settings_entries():
        parts = [part.upper() for part in entry.path]
        known |= {PREFIX + SEPARATOR.join(parts[:length]) for length in range(1, len(parts))}
    return known


def _availability(content: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    for entry in content.get("model_list") or []:
        name, parameters = entry["model_name"], entry["litellm_params"]
        provider = parameters["model"].partition("/")[0]
        needed = ("api_base",) if provider in WITHOUT_KEY else ("api_key", "api_base")
        referred = [parameters[key].removeprefix(REFERENCE) for key in needed if _is_reference(parameters.get(key))]
        groups = (tuple(referred),) if referred else _groups(parameters, provider)
        missing = [[variable for variable in group if not _is_set(variable, environment)] for group in groups]
        if not missing or not all(missing):
            yield f"{name}: usable"
        else:
            yield f"{name}: not usable, set {' or '.join(', '.join(group) for group in missing)}"


def _groups(parameters: Mapping[str, Any], provider: str) -> tuple[tuple[str, ...], ...]:
    return () if "api_key" in parameters else STANDARD_VARIABLES.get(provider, ())


def _is_reference(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(REFERENCE)


def _is_set(variable: str, environment: Mapping[str, str]) -> bool:
    return bool(environment.get(variable))


def _meant(name: str, known: set[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"{name}: did you mean {near[0]}?" if near else ""
