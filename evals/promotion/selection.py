"""Finding the requests that a person asks for, in the gateway's database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from evals.promotion.candidates import Candidate, Order, Scope, ended_as, named, worst
from evals.promotion.feedback import disliked
from evals.promotion.langfuse_scores import opinions
from evals.promotion.promotion import Kept, kept_of
from inferspect.configuration import Configuration, load_configuration
from inferspect.launcher.running_database import running_database
from inferspect.observation.durations import parse_duration
from inferspect.observation.langfuse import Project
from inferspect.observation.score_names import check_name, direction_of
from inferspect.settings import LaunchSettings
from inferspect.spans.sessions import session_traces
from inferspect.store.engine import engine_of
from inferspect.tenancy.langfuse_projects import Projects
from inferspect.tenancy.lookup import TenantLookup
from inferspect.tenancy.rules import TenantRules


class SelectionError(ValueError):
    """What was asked for cannot be looked for; the message says what to write."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which requests, in the words of the command's options."""

    ids: tuple[str, ...] = ()
    why: str = ""
    worst: int | None = None
    by: str | None = None
    order: Order | None = None
    failed: bool = False
    blocked: bool = False
    thumbs_down: bool = False
    langfuse_score: str = "user-feedback"
    at_most: float = 0.0
    since: str = "7d"
    tenant: str | None = None
    model: str | None = None
    limit: int = 20

    @property
    def is_bulk(self) -> bool:
        """Whether requests are looked for."""
        return self.worst is not None or self.failed or self.blocked or self.thumbs_down

    def scope(self) -> Scope:
        try:
            return Scope(datetime.now(UTC) - parse_duration(self.since), self.tenant, self.model)
        except ValueError as error:
            raise SelectionError(f"--since {self.since}: {error}") from None

    def worst_end(self) -> Order:
        """Which end of the score's range is the bad one.

        Raises:
            SelectionError: there is no such score, or it has no bad end.
        """
        try:
            direction = direction_of(check_name(self.by or ""))
        except ValueError as error:
            raise SelectionError(f"--by {self.by}: {error}") from None
        if self.order is not None:
            return self.order
        if direction == "neither":
            raise SelectionError(f"--by {self.by}: neither end of it is better; add --order lowest or --order highest")
        return "lowest" if direction == "higher" else "highest"


async def select(launch: LaunchSettings, selection: Selection) -> tuple[list[Candidate], dict[str, Kept]]:
    """The candidates, each once, and what the store has of them; those named that it does not have come along.

    Raises:
        SelectionError: see there.
        LangfuseError: Langfuse gives no scores.
        LaunchError: there is no database.
        ConfigurationError: the configuration is wrong.
        SQLAlchemyError: the database gives no answer.
    """
    configuration = load_configuration(launch.inferspect_config)
    scope = selection.scope()
    worst_end = selection.worst_end() if selection.worst is not None else None
    async with _database(launch) as engine:
        async with engine.connect() as connection:
            found = await _named(connection, selection)
            if selection.worst is not None and worst_end is not None:
                found += await worst(connection, scope, selection.by or "", worst_end, selection.worst)
            if selection.failed:
                found += await ended_as(connection, scope, "failure", selection.limit)
            if selection.blocked:
                found += await ended_as(connection, scope, "blocked", selection.limit)
        if selection.thumbs_down:
            found += await _disliked(engine, launch, configuration, selection, scope)
        candidates = list({one.id: one for one in reversed(found)}.values())[::-1]
        async with engine.connect() as connection:
            return candidates, await kept_of(connection, candidates)


async def _named(connection: AsyncConnection, selection: Selection) -> list[Candidate]:
    there = await named(connection, selection.ids, selection.why) if selection.ids else {}
    return [there.get(id_, Candidate(id_, None, "named", selection.why)) for id_ in selection.ids]


async def _disliked(
    engine: AsyncEngine, launch: LaunchSettings, configuration: Configuration, selection: Selection, scope: Scope
) -> list[Candidate]:
    settings = configuration.settings.langfuse
    project = await _project(engine, configuration, selection.tenant)
    try:
        sessions = session_traces(settings, launch)
    except ValueError as error:
        raise SelectionError(f"--thumbs-down: traces are by session, and {error}") from None
    given = [
        one async for one in opinions(project, selection.langfuse_score, scope.since) if one.value <= selection.at_most
    ]
    if not given:
        return []
    async with engine.connect() as connection:
        return (await disliked(connection, scope, selection.langfuse_score, given, sessions))[: selection.limit]


async def _project(engine: AsyncEngine, configuration: Configuration, tenant: str | None) -> Project:
    """Where the tenant's requests are traced; without a tenant, those of all who have no project of their own."""
    defaults = TenantRules.model_validate(configuration.default_rules)
    projects = Projects(configuration.settings.langfuse, defaults.observation.langfuse)
    rules = defaults
    if tenant is not None:
        rules = await TenantLookup(engine, configuration.default_rules).rules_of(tenant)
    try:
        project = projects.of(tenant, rules.observation.langfuse)
    except ValueError as error:
        raise SelectionError(f"--thumbs-down: {error}") from None
    if project is None:
        raise SelectionError("--thumbs-down: nothing is traced in Langfuse, as no keys are set; see docs/langfuse.md")
    return project


@asynccontextmanager
async def _database(launch: LaunchSettings) -> AsyncIterator[AsyncEngine]:
    engine = engine_of(running_database(launch), pool_size=2)
    try:
        yield engine
    finally:
        await engine.dispose()
