"""``inferspect audit``: verify, export and prune the audit log, and take an anchor of it."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from inferspect.store.audit.check import Problem
    from inferspect.store.audit.verify import Verified

# Imports stand inside of functions: every command of `inferspect` loads this module.

app = typer.Typer(no_args_is_help=True, help="Verify and export the audit log.")

WRONG_INPUT = 2

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
    """Find every entry that was changed, removed, added or moved; the exit code is 1 where there is one.

    It is 2 where nothing could be verified, or there was nothing to verify.
    """
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from callbacks.audit import local  # noqa: PLC0415

    start, chain = _time(since), chain or _chain(tenant)
    try:
        if file is not None:
            problems, verified = local.verified_file(file, public_key)
        else:
            problems, verified = asyncio.run(local.verified_database(chain, start, anchors))
    except (SQLAlchemyError, OSError) as error:
        local.fail(f"the audit log cannot be read ({type(error).__name__}: {local.first_line(error)})", WRONG_INPUT)
    if as_json:
        typer.echo(json.dumps(_as_json(problems, verified)))
    elif verified.entries or problems:
        _print(problems, verified, file)
    if not verified.entries and not problems:  # no proof of anything: the name may be mistyped
        local.fail(f"nothing was verified: {_nothing(chain, file)}", WRONG_INPUT)
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

    from callbacks.audit import local  # noqa: PLC0415
    from callbacks.audit.export import exported  # noqa: PLC0415

    times = {"since": _time(since), "until": _time(until)}

    async def write() -> int:
        parts = 0
        async with local.database() as engine:
            async for part in exported(engine, output, chain=_chain(tenant), **times):
                sys.stdout.buffer.write(part)
                parts += 1
            sys.stdout.buffer.flush()
        return parts

    try:
        parts = asyncio.run(write())
    except BrokenPipeError:
        raise typer.Exit(1) from None
    except (SQLAlchemyError, OSError) as error:
        local.fail(f"the audit log cannot be read ({type(error).__name__}: {local.first_line(error)})", WRONG_INPUT)
    if parts == (output == "csv"):  # its first line has the names of the columns
        within = " of this time" if any(times.values()) else ""
        typer.echo(f"inferspect: nothing was exported: {_nothing(_chain(tenant), None, within)}", err=True)


@app.command()
def anchor() -> None:
    """Take an anchor now, print it, and append it to the file of anchors."""
    from callbacks.audit import local  # noqa: PLC0415
    from inferspect.store.audit.anchors import keep, take_anchor  # noqa: PLC0415
    from inferspect.store.audit.log import AuditLog  # noqa: PLC0415

    keys = local.needed_keys()

    async def take() -> list[dict[str, Any]]:
        async with local.database() as engine:
            return await take_anchor(engine, AuditLog(engine, keys))

    taken = asyncio.run(take())
    keep(local.own_anchors(), taken)
    if not taken:
        typer.echo("inferspect: no anchor was needed: no chain has grown since the last one", err=True)
    for entry in taken:
        typer.echo(json.dumps(entry, sort_keys=True))


@app.command()
def prune(
    older_than: Annotated[int, typer.Option(min=1, metavar="DAYS", help="Days for which entries are kept.")],
) -> None:
    """Remove old entries, as the owner of the table; what stays can be verified still."""
    from sqlalchemy.exc import ProgrammingError  # noqa: PLC0415

    from callbacks.audit import local  # noqa: PLC0415
    from inferspect.store.audit.commands import user  # noqa: PLC0415
    from inferspect.store.audit.log import AuditLog  # noqa: PLC0415
    from inferspect.store.audit.pruning import TamperedError  # noqa: PLC0415
    from inferspect.store.audit.pruning import prune as run  # noqa: PLC0415

    keys = local.needed_keys()

    async def remove() -> int:
        async with local.database() as engine:
            audit = AuditLog(engine, keys)
            await audit.record_action(
                "inferspect audit prune", actor=user(), details={"older_than": older_than}, decision="intent"
            )
            return await run(engine, audit, datetime.now(UTC) - timedelta(days=older_than))

    try:
        typer.echo(f"removed: {asyncio.run(remove())}")
    except ProgrammingError as error:
        local.fail(f"{local.first_line(error.orig)}: name the owner of inferspect.audit_log in DATABASE_URL")
    except TamperedError as tampered:
        local.fail(f"what was tampered with is not removed; the other chains are done\n{tampered}")


@app.command()
def key() -> None:
    """Print the public key that anchors are signed with, for outsiders to verify them."""
    from callbacks.audit import local  # noqa: PLC0415

    typer.echo(local.needed_keys().public_key)


def _chain(tenant: str | None) -> str | None:
    from inferspect.store.audit.entry import ANCHORS, PLATFORM, chain_of  # noqa: PLC0415

    return tenant if tenant in (None, PLATFORM, ANCHORS) else chain_of(tenant)


def _nothing(chain: str | None, file: Path | None, within: str = "") -> str:
    """Why there is no entry."""
    from inferspect.store.audit.entry import ANCHORS, PLATFORM  # noqa: PLC0415

    if file is not None:
        return f"{file} has no entry"
    if chain is None:
        return f"the audit log has no entry{within}"
    hint = "" if chain in {ANCHORS, PLATFORM} else "; a tenant is named by the id of its team"
    return f"the chain {chain} has no entry{within}{hint}"


def _time(told: str | None) -> datetime | None:
    from callbacks.audit import local  # noqa: PLC0415

    if told is None:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        local.fail(f"{told!r} is no time; expected ISO 8601, such as 2026-03-01T12:00Z", WRONG_INPUT)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _as_json(problems: list[Problem], verified: Verified) -> dict[str, Any]:
    told = [
        {"chain": one.chain, "sequence": one.sequence, "last": one.last, "wrong": one.wrong, "message": str(one)}
        for one in problems
    ]
    counts = {"entries": verified.entries, "chains": verified.chains, "anchored": verified.anchored}
    counts |= {"kept_anchors": verified.kept_anchors}
    return {"ok": not verified.problems, **counts, "problems": told, "problem_count": verified.problems}


def _print(problems: list[Problem], verified: Verified, file: Path | None) -> None:
    for problem in problems:
        typer.echo(str(problem))
    if verified.problems > len(problems):
        typer.echo(f"... and {verified.problems - len(problems)} more")
    looked_at = f"{verified.entries} entries in {verified.chains} chains"
    outside = f"{verified.kept_anchors or 'no'} anchors kept outside of the database"
    anchored = "" if file else f", {verified.anchored} ends of chains by anchors, {outside}"
    if verified.login:
        typer.echo(f"this login could change the log: it {verified.login}; see docs/audit.md", err=True)
    typer.echo(f"{'wrong' if verified.problems else 'in order'}: {looked_at}{anchored}")
