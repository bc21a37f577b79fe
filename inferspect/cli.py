"""The command line: ``inferspect serve | worker | doctor | migrate | events``."""

from __future__ import annotations

import asyncio
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

from inferspect import __version__
from inferspect.configuration_file import ConfigurationError
from inferspect.events.command import app as events
from inferspect.extension import commands
from inferspect.launcher.home import LaunchError
from inferspect.launcher.prisma_client import PrismaSetupError
from inferspect.prompts.command import app as prompts
from inferspect.settings import LaunchSettings
from inferspect.store.migration_error import MigrationError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A governed, observed LLM gateway on LiteLLM.")

app.add_typer(events, name="events")
app.add_typer(prompts, name="prompts")


@app.command()
def serve() -> None:
    """Run the gateway with all it needs until Ctrl-C."""
    from inferspect.launcher.serve import serve as run  # noqa: PLC0415  other commands start quicker without it

    asyncio.run(run(LaunchSettings()))


@app.command()
def worker(
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Show Prometheus' metrics on this port, without a key.")
    ] = None,
    metrics_host: Annotated[str, typer.Option(help="Address of that port.")] = "127.0.0.1",
) -> None:
    """Deliver events of the gateways of DATABASE_URL to Langfuse, scores and so on until Ctrl-C."""
    from inferspect.events.worker import work  # noqa: PLC0415  as serve
    from inferspect.logs import PrintedLines  # noqa: PLC0415  as serve

    with redirect_stdout(PrintedLines("stdout")), redirect_stderr(PrintedLines("stderr")):
        asyncio.run(work(LaunchSettings(), None if metrics_port is None else (metrics_host, metrics_port)))


@app.command()
def migrate() -> None:
    """Bring schema `inferspect` of DATABASE_URL up to date."""
    from inferspect.store.migrate import migrate as run  # noqa: PLC0415  as serve

    url = LaunchSettings().database_url
    if url is None:
        raise LaunchError("DATABASE_URL is not set. The embedded database is migrated by `inferspect serve` itself.")
    applied = run(url)
    typer.echo(f"applied: {', '.join(applied)}" if applied else "up to date")


@app.command()
def doctor(
    settings: Annotated[bool, typer.Option("--settings", help="Show the settings in force and their origin.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find out what is wrong with this installation; the exit code is 1 where there is an error."""
    from rich.console import Console  # noqa: PLC0415  as serve

    from inferspect.doctor import Examination, examine, report  # noqa: PLC0415  as serve
    from inferspect.doctor.effective import effective_settings  # noqa: PLC0415  as serve

    console = Console(highlight=False)
    if settings:
        effective = effective_settings(Examination())
        typer.echo(report.as_json(effective)) if as_json else report.print_settings(effective, console)
        return
    results = examine(Examination())
    typer.echo(report.as_json(results)) if as_json else report.print_results(results, console)
    raise typer.Exit(report.has_error(results))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Entry point: an error that a person can act on is printed as such, without a traceback."""
    for name, command in commands():
        app.add_typer(command, name=name)
    try:
        app()
    except (LaunchError, ConfigurationError, MigrationError, PrismaSetupError) as error:
        _fail(str(error))
    except ValidationError as error:
        # Values are not shown: some of these variables are secrets.
        _fail("\n".join(f"{str(e['loc'][0]).upper()}: {e['msg']}; see docs/settings.md" for e in error.errors()))


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"inferspect: {message}\n")
    sys.exit(1)
