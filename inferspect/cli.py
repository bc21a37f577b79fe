"""The command line: ``inferspect serve | doctor | migrate``."""

from __future__ import annotations

import asyncio
import sys
from typing import NoReturn

import typer
from pydantic import ValidationError

from inferspect import __version__
from inferspect.configuration import ConfigurationError
from inferspect.launcher.home import LaunchError
from inferspect.launcher.prisma_client import PrismaSetupError
from inferspect.settings import LaunchSettings

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A governed, observed LLM gateway on LiteLLM.")


@app.command()
def serve() -> None:
    """Run the gateway with all it needs until Ctrl-C."""
    from inferspect.launcher.serve import serve as run  # noqa: PLC0415  other commands start quicker without it

    asyncio.run(run(LaunchSettings()))


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
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Entry point: an error that a person can act on is printed as such, without a traceback."""
    try:
        app()
    except (LaunchError, ConfigurationError, PrismaSetupError) as error:
        _fail(str(error))
    except ValidationError as error:
        _fail("\n".join(f"{str(e['loc'][0]).upper()}: {e['msg']} (found: {e['input']!r})" for e in error.errors()))


def _fail(message: str) -> NoReturn:
    sys.stderr.write(f"inferspect: {message}\n")
    sys.exit(1)
