"""Check of the projects of Langfuse that requests are traced in. The gateway serves without, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from inferspect.configuration_file import ConfigurationError
from inferspect.doctor.examination import Examination
from inferspect.doctor.result import Level, Result, info, ok
from inferspect.doctor.tracing import UNAUTHORIZED, ask
from inferspect.launcher.home import LaunchError
from inferspect.launcher.running_database import running_database
from inferspect.observation.langfuse import Project, default_project
from inferspect.tenancy.langfuse_projects import Projects

if TYPE_CHECKING:
    from inferspect.configuration import Configuration
    from inferspect.settings import LaunchSettings, Settings
    from inferspect.tenancy.rules import TenantRules

NAME = "langfuse"
PATH = "/api/public/projects"
SIDE_BY_SIDE = 8
MOST_TOLD = 5  # projects that are well
PATIENCE = 3  # seconds for a connection to the database
UNKNOWN = "tenants' own projects are unknown, because no database can be reached"


@dataclass(slots=True)
class _Findings:
    """What is wrong and what to do about it, and whose each project is."""

    projects: dict[Project, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    remedies: list[str] = field(default_factory=list)
    level: Level = Level.OK

    def look(self, whose: str, find: Callable[[], Project | None], level: Level, remedy: str) -> None:
        try:
            project = find()
        except ValueError as wrong:
            self.add(f"{whose}{wrong}", level, remedy)
        else:
            if project is not None:
                self.projects.setdefault(project, whose)

    def add(self, problem: str, level: Level, remedy: str) -> None:
        self.problems.append(problem)
        self.remedies += [remedy] if remedy not in self.remedies else []
        self.level = level if self.level is not Level.ERROR else self.level


def check_langfuse(examination: Examination) -> Result:
    """Whether each project takes its keys: the gateway's, that of the default rules, and tenants' own.

    What the default rules name and is not there is an error, as it is in the settings: no tenant's traces would arrive.
    """
    configuration = examination.configuration
    if isinstance(configuration, ConfigurationError):
        return info(NAME, "unknown, because the configuration is not valid")
    if not configuration.settings.langfuse.enabled:
        return ok(NAME, "switched off by langfuse.enabled")
    tenants = _rules_of_tenants(examination.launch, configuration)
    findings = _found(configuration.settings, tenants or {})
    well = []
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for whose, (told, remedy) in zip(findings.projects.values(), pool.map(_asked, findings.projects), strict=True):
            if remedy:
                findings.add(f"{whose}{told}", Level.WARNING, remedy)
            else:
                well.append(f"{whose}{told}")
    if findings.problems:
        return Result(NAME, findings.level, "\n".join(findings.problems), "\n".join(findings.remedies))
    if not well:
        well = ["not configured; only tenants with a project of their own are traced"]
    left_out = [f"{len(well) - MOST_TOLD} more"] if len(well) > MOST_TOLD else []
    return ok(NAME, "; ".join([*well[:MOST_TOLD], *left_out, *([UNKNOWN] if tenants is None else [])]))


def _found(settings: Settings, tenants: Mapping[str, TenantRules]) -> _Findings:
    defaults = settings.default_rules.observation.langfuse
    projects, findings = Projects(settings.langfuse, defaults), _Findings()
    findings.look(
        "",
        partial(default_project, settings.langfuse),
        Level.WARNING,
        "set both keys and the address, or none: see docs/langfuse.md",
    )
    if defaults.public_key is not None:
        remedy = "set what default_rules.observation.langfuse refers to, or correct it"
        findings.look("default rules: ", partial(projects.of, None, defaults), Level.ERROR, remedy)
    for tenant_id, rules in sorted(tenants.items()):
        own = rules.observation.langfuse
        if (own.host, own.public_key, own.secret_key) != (defaults.host, defaults.public_key, defaults.secret_key):
            remedy = "set what the tenant's observation.langfuse refers to, or correct it"
            findings.look(f"tenant {tenant_id}: ", partial(projects.of, tenant_id, own), Level.WARNING, remedy)
    return findings


def _rules_of_tenants(launch: LaunchSettings, configuration: Configuration) -> dict[str, TenantRules] | None:
    """Those of tenants that have any of their own; ``None`` where no database can be reached."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415  takes a second, mostly not needed

    from inferspect.store.engine import engine_of  # noqa: PLC0415  as above
    from inferspect.tenancy.lookup import TenantLookup  # noqa: PLC0415  as above

    async def look(url: str) -> dict[str, TenantRules]:
        engine = engine_of(url, connect_args={"connect_timeout": PATIENCE})
        try:
            return await TenantLookup(engine, configuration.default_rules).all()
        finally:
            await engine.dispose()

    try:
        return asyncio.run(look(running_database(launch)))
    except (LaunchError, ValueError, OSError, SQLAlchemyError):
        return None


def _asked(project: Project) -> tuple[str, str]:
    """What is to be told of it, and what to do, which is nothing where all is well."""
    answer = ask("GET", project.host + PATH, project.headers())
    if isinstance(answer, str):
        return f"{project.host} cannot be reached: {answer}", "start it, or correct the address"
    if answer.status_code in UNAUTHORIZED:
        return (
            f"{project.host} refuses the keys ({answer.status_code}); traces wait",
            "correct the keys; those of Langfuse's cloud are of one region only",
        )
    try:
        names = ", ".join(str(found["name"]) for found in answer.json()["data"])
    except (ValueError, KeyError, TypeError):
        return f"{project.host} is no Langfuse: it answers {answer.status_code}", "correct the address"
    return f"project {names} at {project.host}", ""
