"""Where the commands find what they need: the database, the keys, files of entries; imported only when one runs."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.audit.extension import anchor_file
from inferspect.configuration import load_configuration
from inferspect.configuration_file import ConfigurationError
from inferspect.launcher.running_database import running_database
from inferspect.logs import without_secrets
from inferspect.settings import LaunchSettings
from inferspect.store.audit.anchors import KeptAnchor, kept
from inferspect.store.audit.check import Problem
from inferspect.store.audit.entry import FIELDS
from inferspect.store.audit.keys import AuditKeys, audit_keys
from inferspect.store.audit.verify import Verification, Verified, verify_export
from inferspect.store.engine import engine_of

MOST_TOLD = 1000


@asynccontextmanager
async def database() -> AsyncIterator[AsyncEngine]:
    """The gateway's database.

    Raises:
        LaunchError: there is none.
    """
    engine = engine_of(running_database(LaunchSettings()), pool_size=1)
    try:
        yield engine
    finally:
        await engine.dispose()


async def verified_database(
    chain: str | None, since: datetime | None, anchors: list[Path] | None
) -> tuple[list[Problem], Verified]:
    """What is wrong with the database's log, as far as it is to be told, and how much was looked at."""
    async with database() as engine:
        verification = Verification(engine, known_keys(), chain=chain, since=since, kept_anchors=kept_anchors(anchors))
        told: list[Problem] = []
        async for problem in verification.problems():
            if len(told) < MOST_TOLD:
                told.append(problem)
        return told, verification.verified


def verified_file(file: Path, public_key: str | None) -> tuple[list[Problem], Verified]:
    """As :func:`verified_database`, of an export."""
    verified = Verified()
    keys = None if public_key else known_keys()
    told: list[Problem] = []
    for problem in verify_export(exported_entries(file), keys, public_key, verified):
        if len(told) < MOST_TOLD:
            told.append(problem)
    return told, verified


def needed_keys() -> AuditKeys:
    """The keys; ends the command where there is no salt key."""
    try:
        return audit_keys(LaunchSettings())
    except ValueError as error:
        fail(str(error))


def known_keys() -> AuditKeys | None:
    """The keys, or ``None`` where there is no salt key and hashes are checked alone."""
    try:
        return audit_keys(LaunchSettings())
    except ValueError as error:
        typer.echo(f"inferspect: seals are not checked: {error}", err=True)
        return None


def own_anchors() -> Path:
    """The file that this installation keeps anchors in."""
    launch = LaunchSettings()
    try:
        return anchor_file(load_configuration(launch.inferspect_config).settings, launch)
    except ConfigurationError:  # away from the gateway there may be none
        return launch.inferspect_home / "audit" / "anchors.jsonl"


def kept_anchors(files: list[Path] | None) -> Iterator[KeptAnchor]:
    """Of the files that are named, else of the one that this installation keeps, where it does."""
    if not files:
        files = [own] if (own := own_anchors()).exists() else []
    for file in files:
        yield from kept(file)


def exported_entries(file: Path) -> Iterator[dict[str, Any]]:
    """The entries of an export; ends the command at a line that is none."""
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
            except ValueError:
                entry = None
            if not isinstance(entry, dict) or entry.keys() != set(FIELDS) or not isinstance(entry["sequence"], int):
                fail(f"{file}:{number}: this line is no entry of an audit log")
            yield entry


def first_line(error: object) -> str:
    """What an error says, without secrets."""
    return without_secrets(str(error)).strip().partition("\n")[0]


def fail(message: str, status: int = 1) -> NoReturn:
    """End the command with what is wrong."""
    typer.echo(f"inferspect: {message}", err=True)
    raise typer.Exit(status)
