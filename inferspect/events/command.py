"""``inferspect events``: the way of events, dead letters, and all that is known of one request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from dataclasses import replace as changed
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar
from uuid import UUID

import typer

from inferspect.settings import LaunchSettings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.events.desk import Desk
    from inferspect.store.deliveries.dead_letters import Wanted

# Imports stand inside of functions: every command of `inferspect` loads this module.

app = typer.Typer(no_args_is_help=True, help="Look at the way of events, at dead letters, at one request.")
dead_letter = typer.Typer(no_args_is_help=True, help="What the database or a consumer did not take.")
app.add_typer(dead_letter, name="dead-letter")

WRONG_INPUT = 2
Answer = TypeVar("Answer")

Consumer = Annotated[
    str | None, typer.Option(metavar="NAME", help="Of this consumer; `database`: what could not be stored.")
]
Tenant = Annotated[str | None, typer.Option(metavar="ID", help="Of this tenant.")]
Event = Annotated[str | None, typer.Option("--id", metavar="ID", help="Of this request.")]
OlderThan = Annotated[
    str | None, typer.Option(metavar="DURATION", help="Dead for longer than that, such as 90s, 2h or 7d.")
]
All = Annotated[bool, typer.Option("--all", help="All of them.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def status(as_json: AsJson = False) -> None:
    """What waits in the spools of this data folder and for consumers."""
    from inferspect.events.tables import print_status  # noqa: PLC0415

    _shown(_asked(lambda desk: desk.status()), print_status, as_json)


@app.command()
def show(
    request_id: Annotated[UUID, typer.Argument(help="The `x-request-id` of a response.")], as_json: AsJson = False
) -> None:
    """All that is known of a request: its event, its content where that is kept, what consumers have not got."""
    from inferspect.events.tables import print_request  # noqa: PLC0415

    found = _asked(lambda desk: desk.request(str(request_id)))
    if found is None:
        _fail("there is no event of this request; it may still be in a spool, or too old to be kept")
    _shown(found, print_request, as_json)


@dead_letter.command("list")
def list_letters(
    *,
    consumer: Consumer = None,
    tenant: Tenant = None,
    event_id: Event = None,
    older_than: OlderThan = None,
    limit: Annotated[int, typer.Option(min=1, help="Most that are listed, the last that died first.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List dead letters and why they died."""
    from inferspect.events.tables import print_letters  # noqa: PLC0415

    wanted = _wanted(consumer, tenant, event_id, older_than)
    _shown(_asked(lambda desk: desk.find(wanted, limit)), print_letters, as_json)


@dead_letter.command("show")
def show_letter(
    consumer: Annotated[str, typer.Argument(help="As in the list.")],
    event_id: Annotated[str, typer.Argument(metavar="ID", help="As in the list.")],
) -> None:
    """One dead letter with what was to be delivered, as JSON."""
    found = _asked(lambda desk: desk.show(consumer, event_id))
    if found is None:
        _fail("there is no such dead letter")
    _shown(found, None, as_json=True)


@dead_letter.command()
def replay(
    *,
    consumer: Consumer = None,
    tenant: Tenant = None,
    event_id: Event = None,
    older_than: OlderThan = None,
    every: All = False,
) -> None:
    """Have dead letters delivered, or stored, again; whoever is to take them gets them within seconds."""
    wanted = _wanted(consumer, tenant, event_id, older_than, every=every)
    typer.echo(f"replayed: {_asked(lambda desk: desk.replay(wanted), changes=('replay', wanted))}")


@dead_letter.command()
def drop(
    *,
    consumer: Consumer = None,
    tenant: Tenant = None,
    event_id: Event = None,
    older_than: OlderThan = None,
    every: All = False,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="What still waits, too: of a --consumer that is there no more.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
) -> None:
    """Delete dead letters for good, but those that the audit log waits for."""
    from inferspect.store.audit.completeness import CONSUMER as AUDIT  # noqa: PLC0415

    wanted = _wanted(consumer, tenant, event_id, older_than, every=every)
    if consumer == AUDIT:
        _fail(f"{AUDIT}: these requests are not in the audit log yet; replay them", WRONG_INPUT)
    if waiting:
        if not consumer:
            _fail("--waiting is of one --consumer", WRONG_INPUT)
        wanted = changed(wanted, waiting=True)
    if not yes:
        typer.confirm("Delete these dead letters for good?", abort=True)
    typer.echo(f"dropped: {_asked(lambda desk: desk.drop(wanted), changes=('drop', wanted))}")


def _wanted(
    consumer: str | None, tenant: str | None, event_id: str | None, older_than: str | None, *, every: bool | None = None
) -> Wanted:
    """The selection; one that changes something has to name what."""
    from inferspect.observation.durations import parse_duration  # noqa: PLC0415
    from inferspect.store.deliveries.dead_letters import Wanted  # noqa: PLC0415

    if every is False and not any((consumer, tenant, event_id, older_than)):
        _fail("say which: --consumer, --tenant, --id, --older-than, or --all", WRONG_INPUT)
    try:
        seconds = parse_duration(older_than).total_seconds() if older_than else None
    except ValueError as wrong:
        _fail(f"--older-than {older_than}: {wrong}", WRONG_INPUT)
    return Wanted(consumer, tenant, event_id, seconds)


def _asked(
    question: Callable[[Desk], Coroutine[Any, Any, Answer]], *, changes: tuple[str, Wanted] | None = None
) -> Answer:
    """What the desk answers; a command that ``changes`` something is in the audit log before."""
    from inferspect.launcher.running_database import running_database  # noqa: PLC0415

    launch = LaunchSettings()
    url = running_database(launch)
    with _problems_told():
        return asyncio.run(_answer(url, launch, question, changes))


async def _answer(
    url: str,
    launch: LaunchSettings,
    question: Callable[[Desk], Coroutine[Any, Any, Answer]],
    changes: tuple[str, Wanted] | None,
) -> Answer:
    from inferspect.events.desk import Desk  # noqa: PLC0415
    from inferspect.store.audit.commands import record_command  # noqa: PLC0415
    from inferspect.store.engine import engine_of  # noqa: PLC0415

    engine: AsyncEngine = engine_of(url)
    try:
        if changes is not None:
            try:
                await record_command(engine, launch, f"inferspect events dead-letter {changes[0]}", asdict(changes[1]))
            except ValueError as missing:
                _fail(f"nothing is done that is not in the audit log: {missing}")
        return await question(Desk(engine, launch.inferspect_home / "spool"))
    finally:
        await engine.dispose()


@contextmanager
def _problems_told() -> Iterator[None]:
    """Tell a person what can be mended, without a traceback."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from inferspect.logs import without_secrets  # noqa: PLC0415
    from inferspect.store.address import AddressError  # noqa: PLC0415

    try:
        yield
    except AddressError as wrong:
        _fail(str(wrong))
    except SQLAlchemyError as error:
        reason = without_secrets(str(getattr(error, "orig", None) or error)).strip()
        _fail(f"the database cannot be used: {reason}")
    except OSError as error:
        _fail(f"the spools cannot be used: {error}")


def _shown(found: Any, print_found: Callable[[Any], None] | None, as_json: bool) -> None:
    if as_json or print_found is None:
        typer.echo(json.dumps(found, indent=2, default=str))
    else:
        print_found(found)


def _fail(message: str, exit_status: int = 1) -> NoReturn:
    typer.echo(f"inferspect: {message}", err=True)
    raise typer.Exit(exit_status)
