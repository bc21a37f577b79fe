"""``inferspect eval report``, ``baseline save`` and ``schedule``."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

# Imports stand inside of functions: every command of `inferspect` loads this module.

FAILED_CONDITIONS, WRONG_INPUT, CANNOT_BE_MADE = 1, 2, 3
Answer = TypeVar("Answer")

baseline = typer.Typer(no_args_is_help=True, help="Put figures of responses aside, to compare later ones with.")

Tenant = Annotated[str, typer.Option(metavar="ID", help="Id of the tenant.")]
Length = Annotated[str, typer.Option(metavar="DURATION", help="How far back responses are looked at, such as 1d.")]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Until when, ISO 8601 such as 2026-03-01T12:00Z; now where unset.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def report(
    *,
    tenant: Annotated[str | None, typer.Option(metavar="ID", help="Id of the tenant.")] = None,
    window: Length = "1d",
    until: Until = None,
    compared: Annotated[
        str | None, typer.Option("--baseline", metavar="DURATION|NAME", help="The time before, or a saved baseline.")
    ] = None,
    suite: Annotated[str, typer.Option(metavar="NAME", help="Which checks.")] = "responses",
    prompts: Annotated[Path, typer.Option(help="Folder of prompts and prompt suites.")] = Path("promptfoo"),
    output: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Folder that gets the report, too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Look through a tenant's responses with Deepchecks; the exit code is 1 where a condition failed."""
    from evals.reports import local  # noqa: PLC0415

    folder = prompts if prompts.is_dir() else None
    if not _made(_later(lambda: local.needs_responses(suite))):
        if folder is None:
            _fail(f"there is no folder {prompts}; name that of the prompts with --prompts")
        _finish_prompts(suite, folder, output, as_json)
    if tenant is None:
        _fail("name a tenant with --tenant")
    length, end = _duration(window), _time(until)
    compared = None if compared is None else _baseline(compared)
    wanted = {"baseline": compared, "prompts": folder, "output": output}
    row = _made(local.report_of(tenant, suite, length, end, **wanted))
    if as_json:
        typer.echo(local.as_json(row))
    else:
        found = {name: getattr(row, name) for name in ("conditions", "passed", "failed", "not_run")}
        local.print_report(f"{row.responses} responses", found, row.artefact)
    raise typer.Exit(FAILED_CONDITIONS if row.failed else 0)


@baseline.callback()
def _baselines() -> None:
    """Keep `save` a sub-command while it is the only one."""


@baseline.command("save")
def save_baseline(
    name: Annotated[str, typer.Argument(help="Of the baseline; one of that name is replaced.")],
    *,
    tenant: Tenant,
    window: Length = "7d",
    until: Until = None,
) -> None:
    """Keep the figures of a tenant's responses under a name; of their content nothing is kept but hashes."""
    from evals.reports import local  # noqa: PLC0415

    _baseline(name)
    if isinstance(_read(name), timedelta):
        _fail(f"{name!r} is a duration and cannot be a name")
    saved = _made(local.saved_baseline(tenant, name, _duration(window), _time(until)))
    typer.echo(f"{saved.responses} responses are kept as {saved.name}\n{saved.artefact}")


def schedule() -> None:
    """Make the reports of `reports.schedule` as they become due, until Ctrl-C."""
    from evals.reports.worker import work  # noqa: PLC0415

    _made(_logged(work()))


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    """The work, with what it prints in the log; what ends it is for the terminal."""
    from contextlib import redirect_stderr, redirect_stdout  # noqa: PLC0415

    from inferspect.logs import PrintedLines  # noqa: PLC0415

    with redirect_stdout(PrintedLines("stdout")), redirect_stderr(PrintedLines("stderr")):
        await work


def _finish_prompts(suite: str, folder: Path, output: Path | None, as_json: bool) -> NoReturn:
    import json  # noqa: PLC0415

    from evals.reports import local  # noqa: PLC0415

    found, where = _made(local.report_of_prompts(suite, folder, output))
    typer.echo(json.dumps(found)) if as_json else local.print_report(suite, found, where)
    raise typer.Exit(FAILED_CONDITIONS if found["failed"] else 0)


def _made(work: Coroutine[Any, Any, Answer]) -> Answer:
    """What becomes of the work; ends the command with what is wrong."""
    from evals.reports import local  # noqa: PLC0415
    from evals.reports.evaluation import NoBaselineError  # noqa: PLC0415
    from evals.reports.program import ProgramError  # noqa: PLC0415
    from inferspect.configuration_file import ConfigurationError  # noqa: PLC0415

    try:
        return asyncio.run(work)
    except (ConfigurationError, NoBaselineError) as error:
        _fail(str(error))
    except local.FAILED as error:
        wrong = isinstance(error, ProgramError) and error.wrong_input
        _fail(local.first_lines(error), WRONG_INPUT if wrong else CANNOT_BE_MADE)


async def _later(work: Any) -> Any:
    return work()


def _duration(told: str) -> timedelta:
    from inferspect.observation.durations import parse_duration  # noqa: PLC0415

    try:
        duration: timedelta = parse_duration(told)
    except ValueError as error:
        _fail(f"{told!r} {error}")
    if not duration:
        _fail("a window must be longer than nothing")
    return duration


def _baseline(told: str) -> str:
    _read(told)
    return told


def _read(told: str) -> timedelta | str:
    from inferspect.observation.reports import read_baseline  # noqa: PLC0415

    try:
        return read_baseline(told)
    except ValueError as error:
        _fail(f"the baseline {told!r} {error}")


def _time(told: str | None) -> datetime | None:
    if told is None:
        return None
    try:
        moment = datetime.fromisoformat(told)
    except ValueError:
        _fail(f"{told!r} is no time; expected ISO 8601, such as 2026-03-01T12:00Z")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _fail(message: str, status: int = WRONG_INPUT) -> NoReturn:
    typer.echo(f"inferspect: {message}", err=True)
    raise typer.Exit(status)
