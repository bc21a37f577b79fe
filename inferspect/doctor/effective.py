"""The settings in force and where each comes from, secrets hidden."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from inferspect.configuration import OWN_KEY, Configuration
from inferspect.doctor.examination import Examination
from inferspect.settings_reference import PREFIX, SEPARATOR, launch_entries, settings_entries

Origin = Literal["environment", "file", "default"]
SECRETS = ("litellm_master_key", "litellm_salt_key", "ui_password")
ADDRESSES = ("database_url", "redis_url")
HIDDEN = "(hidden)"
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    name: str
    value: Any
    origin: Origin


def effective_settings(examination: Examination) -> list[EffectiveSetting]:
    """Every setting of the launcher and the gateway; values that validation refused are shown as their default.

    Raises:
        ConfigurationError: the configuration is not valid, so nothing of it is in force.
    """
    set_variables = {name.upper() for name in examination.environment}
    refused = {problem.partition(":")[0] for problem in examination.launch_problems}
    given = {name.upper() for name, value in examination.environment.items() if value} - refused
    launch = [
        EffectiveSetting(
            entry.variable,
            _shown(entry.name, getattr(examination.launch, entry.name)),
            "environment" if entry.variable in given else "default",
        )
        for entry in launch_entries()
    ]
    if not isinstance(examination.configuration, Configuration):
        raise examination.configuration
    configuration = examination.configuration
    written = configuration.content.get(OWN_KEY) or {}
    values = configuration.settings.model_dump(mode="json")
    own = [
        EffectiveSetting(
            entry.name, _without_logins(_at(values, entry.path)), _origin(entry.path, set_variables, written)
        )
        for entry in settings_entries()
    ]
    return launch + own


def _origin(path: tuple[str, ...], variables: set[str], written: Mapping[str, Any]) -> Origin:
    """A variable may set the leaf, or as JSON a section above it."""
    for length in range(1, len(path) + 1):
        if PREFIX + SEPARATOR.join(path[:length]).upper() in variables:
            return "environment"
    found: Any = written
    for step in path:
        if not isinstance(found, Mapping) or step not in found:
            return "default"
        found = found[step]
    return "file"


def _at(values: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = values
    for step in path:
        found = found[step]
    return found


def _shown(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in SECRETS:
        return HIDDEN
    if name in ADDRESSES:
        return without_login(str(value))
    return value if isinstance(value, (bool, int, float)) else str(value)


def without_login(url: str) -> str:
    """A URL's scheme, host, port and path; login and parameters may be secret."""
    try:
        parts = urlsplit(url)
        place = f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
    except ValueError:
        return HIDDEN
    login = f"{HIDDEN}@" if "@" in parts.netloc else ""
    return f"{parts.scheme}://{login}{place}{parts.path}{f'?{HIDDEN}' if parts.query else ''}"


def _without_logins(value: Any) -> Any:
    """A value of JSON, each URL in it without what may be secret."""
    if isinstance(value, dict):
        return {name: _without_logins(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_without_logins(part) for part in value]
    return without_login(value) if isinstance(value, str) and URL.fullmatch(value) else value
