"""``inferspect audit``: verify, export and prune the audit log, and take an anchor of it."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from inferspect.settings import LaunchSettings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.store.audit_check import Problem
    from inferspect.store.audit_keys import AuditKeys
    from inferspect.store.audit_verify import Verification, Verified

# Imports stand inside of functions: every command of `inferspect` loads this module.

app = typer.Typer(no_args_is_help=True, help="Verify and export the audit log.")

WRONG_INPUT = 2
MOST_TOLD = 1000

Tenant = Annotated[
    str | None, typer.Option(metavar="ID", help="Id of a tenant; `platform` and `anchors` are chains as well.")
]
Since = Annotated[str | None, typer.Option(metavar="TIME", help="ISO 8601, such as 2026-03-01 or 2026-03-01T12:00Z.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def verify(
    *,
    tenant: Tenant = None,
    chain: Annotated[str | None, typer.Option(hidden=True)] = None,
    since: Since = None,
    file: Annotated[Path | None, typer.Option(help="Verify an export (JSON lines); no database is asked.")] = None,
    anchors: Annotated[
        list[Path] | None, typer.Option(help="Files of anchors kept elsewhere; may be repeated.")
    ] = None,
    public_key: Annotated[
        str | None, typer.Option(help="Key that anchors must be signed with, where the salt key is not at hand.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find every entry that was changed, removed, added or moved; the exit code is 1 where there is one."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    start = _time(since)
    try:
        if file is not None:
            problems, verified = _verified_file(file, public_key)
        else:
            problems, verified = asyncio.run(_verified_database(chain or _chain(tenant), start, anchors))
    except (SQLAlchemyError, OSError) as error:
        _fail(f"the audit log cannot be read ({type(error).__name__}: {_first_line(error)})", WRONG_INPUT)
    if as_json:
        typer.echo(json.dumps(_as_json(problems, verified)))
    else:
        _print(problems, verified, file)
    raise typer.Exit(bool(verified.problems))


@app.command()
def export(
    *,
    tenant: Tenant = None,
    since: Since = None,
    until: Since = None,
    output: Annotated[
        Literal["jsonl", "csv"], typer.Option("--format", help="`jsonl` can be verified, `csv` opened in a table.")
    ] = "jsonl",
) -> None:
    """Write entries to standard output, with their hashes; times are those of recording."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from callbacks.audit.export import exported  # noqa: PLC0415

    async def write() -> None:
        async with _engine() as engine:
            times = {"since": _time(since), "until": _time(until)}
            async for part in exported(engine, output, chain=_chain(tenant), **times):
                sys.stdout.buffer.write(part)
            sys.stdout.buffer.flush()

    try:
        asyncio.run(write())
    except BrokenPipeError:
        raise typer.Exit(1) from None
    except (SQLAlchemyError, OSError) as error:
        _fail(f"the audit log cannot be read ({type(error).__name__}: {_first_line(error)})", WRONG_INPUT)


@app.command()
def anchor() -> None:
    """Take an anchor now, print it, and append it to the file of anchors."""
    from callbacks.audit.extension import anchor_file  # noqa: PLC0415
    from inferspect.configuration import load_configuration  # noqa: PLC0415
    from inferspect.store.audit import AuditLog  # noqa: PLC0415
    from inferspect.store.audit_anchors import keep, take_anchor  # noqa: PLC0415

    launch = LaunchSettings()
    keys = _keys(needed=True)

    async def take() -> list[dict[str, Any]]:
        async with _engine() as engine:
            return await take_anchor(engine, AuditLog(engine, keys))

    taken = asyncio.run(take())
    keep(anchor_file(load_configuration(launch.inferspect_config).settings, launch), taken)
    for entry in taken:
        typer.echo(json.dumps(entry, sort_keys=True))


@app.command()
def prune(
    older_than: Annotated[int, typer.Option(min=1, metavar="DAYS", help="Days for which entries are kept.")],
) -> None:
    """Remove old entries, as the owner of the table; what stays can be verified still."""
    from sqlalchemy.exc import ProgrammingError  # noqa: PLC0415

    from inferspect.store.audit import AuditLog  # noqa: PLC0415
    from inferspect.store.audit_pruning import prune as run  # noqa: PLC0415

    keys = _keys(needed=True)

    async def remove() -> int:
        async with _engine() as engine:
            audit = AuditLog(engine, keys)
            await audit.record_action(
                "inferspect audit prune", actor=_user(), details={"older_than": older_than}, decision="intent"
            )
            return await run(engine, audit, datetime.now(UTC) - timedelta(days=older_than))

    try:
        typer.echo(f"removed: {asyncio.run(remove())}")
    except ProgrammingError as error:
        _fail(
            f"the database refuses: {_first_line(error.orig)}. Use the owner of inferspect.audit_log in DATABASE_URL."
        )


@app.command()
def key() -> None:
    """Print the public key that anchors are signed with, for outsiders to verify them."""
    typer.echo(_keys(needed=True).public_key)


async def _verified_database(
    chain: str | None, since: datetime | None, anchors: list[Path] | None
) -> tuple[list[Problem], Verified]:
    from inferspect.store.audit_verify import Verification  # noqa: PLC0415

    async with _engine() as engine:
        kept = _kept_anchors(anchors)
        verification = Verification(engine, _keys(), chain=chain, since=since, kept_anchors=kept)
        return await _first(verification), verification.verified


async def _first(verification: Verification) -> list[Problem]:
    told: list[Problem] = []
    async for problem in verification.problems():
        if len(told) < MOST_TOLD:
            told.append(problem)
    return told


def _verified_file(file: Path, public_key: str | None) -> tuple[list[Problem], Verified]:
    from inferspect.store.audit_verify import Verified, verify_export  # noqa: PLC0415

    verified = Verified()
    keys = None if public_key else _keys()
    problems = verify_export(_lines(file), keys, public_key, verified)
    told: list[Problem] = []
    for problem in problems:
        if len(told) < MOST_TOLD:
            told.append(problem)
    return told, verified


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    from inferspect.store.audit_entry import FIELDS  # noqa: PLC0415

    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                entry = json.loads(line)
            except ValueError:
                entry = None
            if not isinstance(entry, dict) or entry.keys() != set(FIELDS) or not isinstance(entry["sequence"], int):
                _fail(f"{file}:{number}: this line is no entry of an audit log", 1)
            yield entry


def _kept_anchors(files: list[Path] | None) -> Iterator[dict[str, Any]]:
    """Of the files that are named, else of the one that this installation keeps, where it does."""
    from callbacks.audit.extension import anchor_file  # noqa: PLC0415
    from inferspect.configuration import load_configuration  # noqa: PLC0415
    from inferspect.configuration_file import ConfigurationError  # noqa: PLC0415
    from inferspect.store.audit_anchors import kept  # noqa: PLC0415

    if not files:
        launch = LaunchSettings()
        try:
            own = anchor_file(load_configuration(launch.inferspect_config).settings, launch)
        except ConfigurationError:
            own = launch.inferspect_home / "audit" / "anchors.jsonl"
        files = [own] if own.exists() else []
    for file in files:
        yield from kept(file)


@asynccontextmanager
async def _engine() -> AsyncIterator[AsyncEngine]:
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

    from inferspect.launcher.running_database import running_database  # noqa: PLC0415
    from inferspect.store.address import driver_url  # noqa: PLC0415

    engine = create_async_engine(driver_url(running_database(LaunchSettings())), pool_size=1)
    try:
        yield engine
    finally:
        await engine.dispose()


def _keys(*, needed: bool = False) -> Any:
    """The keys, or ``None`` where there is no salt key and hashes are checked alone."""
    from inferspect.store.audit_keys import audit_keys  # noqa: PLC0415

    try:
        found: AuditKeys = audit_keys(LaunchSettings())
    except ValueError as error:
        if needed:
            _fail(str(error))
        typer.echo(f"inferspect: seals are not checked: {error}", err=True)
        return None
    return found


def _chain(tenant: str | None) -> str | None:
    from inferspect.store.audit_entry import ANCHORS, PLATFORM, chain_of  # noqa: PLC0415

    return tenant if tenant in (None, PLATFORM, ANCHORS) else chain_of(tenant)


def _time(told: str | None) -> datetime | None:
    if told is None:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        _fail(f"{told!r} is no time; expected ISO 8601, such as 2026-03-01T12:00Z", WRONG_INPUT)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _as_json(problems: list[Problem], verified: Verified) -> dict[str, Any]:
    told = [
        {"chain": one.chain, "sequence": one.sequence, "last": one.last, "wrong": one.wrong, "message": str(one)}
        for one in problems
    ]
    counts = {"entries": verified.entries, "chains": verified.chains, "anchored": verified.anchored}
    return {"ok": not verified.problems, **counts, "problems": told, "problem_count": verified.problems}


def _print(problems: list[Problem], verified: Verified, file: Path | None) -> None:
    for problem in problems:
        typer.echo(str(problem))
    if verified.problems > len(problems):
        typer.echo(f"... and {verified.problems - len(problems)} more")
    looked_at = f"{verified.entries} entries in {verified.chains} chains"
    anchored = "" if file else f", {verified.anchored} ends of chains by anchors"
    typer.echo(f"{'wrong' if verified.problems else 'in order'}: {looked_at}{anchored}")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _first_line(error: object) -> str:
    from inferspect.logs import without_secrets  # noqa: PLC0415

    return without_secrets(str(error)).strip().partition("\n")[0]


def _fail(message: str, status: int = 1) -> NoReturn:
    typer.echo(f"inferspect: {message}", err=True)
    raise typer.Exit(status)
