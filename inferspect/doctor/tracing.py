"""Checks of where traces go: Langfuse and a collector of OpenTelemetry. The gateway serves without either, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from inferspect.configuration_file import ConfigurationError
from inferspect.doctor.examination import Examination
from inferspect.doctor.result import Result, info, ok, warning
from inferspect.observation.langfuse import Project, default_project

if TYPE_CHECKING:
    import httpx

PATIENCE = 3.0  # seconds for an answer
PROJECTS = "/api/public/projects"
PROTOBUF = "application/x-protobuf"
UNAUTHORIZED = (401, 403)


def check_langfuse(examination: Examination) -> Result:
    """Whether the gateway's keys are those of a project at its address."""
    configuration = examination.configuration
    if isinstance(configuration, ConfigurationError):
        return info("langfuse", "unknown, because the configuration is not valid")
    try:
        project = default_project(configuration.settings.langfuse)
    except ValueError as wrong:
        return warning("langfuse", str(wrong), "set both keys and the address, or none: see docs/langfuse.md")
    if project is None:
        return ok("langfuse", "not configured; only tenants with a project of their own are traced")
    return _langfuse_of(project)


def _langfuse_of(project: Project) -> Result:
    answer = _ask("GET", project.host + PROJECTS, project.headers())
    if isinstance(answer, str):
        return warning("langfuse", f"{project.host} cannot be reached: {answer}", "start it, or correct the address")
    if answer.status_code in UNAUTHORIZED:
        return warning(
            "langfuse",
            f"{project.host} refuses the keys ({answer.status_code}); traces wait",
            "correct the keys; those of Langfuse's cloud are of one region only",
        )
    try:
        names = ", ".join(str(found["name"]) for found in answer.json()["data"])
    except (ValueError, KeyError, TypeError):
        return warning(
            "langfuse", f"{project.host} is no Langfuse: it answers {answer.status_code}", "correct the address"
        )
    return ok("langfuse", f"project {names} at {project.host}")


def check_collector(examination: Examination) -> Result:
    """Whether the collector takes a request, which has no spans."""
    configuration = examination.configuration
    if isinstance(configuration, ConfigurationError):
        return info("collector", "unknown, because the configuration is not valid")
    settings = configuration.settings.tracing
    if settings.url is None:
        return ok("collector", "not configured; no spans are sent over OpenTelemetry")
    headers = {name: reference.reveal() for name, reference in settings.headers.items()}
    answer = _ask("POST", settings.url, {**headers, "content-type": PROTOBUF})
    if isinstance(answer, str):
        return warning("collector", f"{settings.url} cannot be reached: {answer}", "start it, or correct the address")
    if answer.status_code in UNAUTHORIZED:
        return warning(
            "collector", f"{settings.url} refuses the headers ({answer.status_code})", "correct tracing.headers"
        )
    if not answer.is_success:
        return warning("collector", f"{settings.url} answers {answer.status_code}", "correct tracing.endpoint")
    return ok("collector", f"takes spans at {settings.url}")


def _ask(method: str, url: str, headers: Mapping[str, str]) -> httpx.Response | str:
    """The answer, or why there is none."""
    import httpx  # noqa: PLC0415  mostly not needed

    try:
        return httpx.request(method, url, headers=dict(headers), timeout=PATIENCE)
    except (httpx.HTTPError, ValueError) as failure:
        return type(failure).__name__
