"""``inferspect prompts``: the prompts of a folder, for people and for CI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from inferspect.prompts.library import Shelf
    from inferspect.prompts.prompt import Prompt

# Imports stand inside of functions: every command of `inferspect` loads this module.

app = typer.Typer(no_args_is_help=True, help="List, check, compare and render the prompts that the gateway serves.")

WRONG_INPUT = 2

Folder = Annotated[
    Path | None, typer.Option("--folder", metavar="PATH", help="Folder of prompts; unset, that of the configuration.")
]
Name = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="The newest version where none is named.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_prompts(*, folder: Folder = None, as_json: AsJson = False) -> None:
    """List prompts with their versions, and what changed last."""
    from inferspect.prompts.library import usable  # noqa: PLC0415

    shelf = _shelf(folder)
    rows = [{**versions[-1].as_json(), "versions": [one.version for one in versions]} for _, versions in usable(shelf)]
    columns = ("name", "versions", "model", "owner", "changelog")
    if as_json:
        typer.echo(json.dumps([{column: row[column] for column in columns} for row in rows], indent=2))
    else:
        _table(columns, rows)
    if shelf.mistakes:
        typer.echo(f"{len(shelf.mistakes)} mistakes in other files: see `inferspect prompts check`", err=True)


@app.command()
def show(prompt: Name, *, folder: Folder = None, as_json: AsJson = False) -> None:
    """Show a version: its front matter and its messages, before variables are filled in."""
    found = _found(_shelf(folder), prompt)
    typer.echo(json.dumps(found.as_json(), indent=2, ensure_ascii=False) if as_json else found.source, nl=as_json)


@app.command()
def diff(
    name: Annotated[str, typer.Argument(help="Of the prompt.")],
    before: Annotated[int, typer.Argument(metavar="V1", min=1)],
    after: Annotated[int, typer.Argument(metavar="V2", min=1)],
    *,
    folder: Folder = None,
) -> None:
    """Show what changed from one version to another."""
    from difflib import unified_diff  # noqa: PLC0415

    shelf = _shelf(folder)
    old, new = (_found(shelf, f"{name}@{version}").source.splitlines() for version in (before, after))
    for line in unified_diff(old, new, f"{name}/v{before}.md", f"{name}/v{after}.md", lineterm=""):
        typer.echo(line)


@app.command()
def render(
    prompt: Name,
    *,
    var: Annotated[list[str] | None, typer.Option(metavar="NAME=TEXT", help="A variable; may be repeated.")] = None,
    vars_file: Annotated[
        Path | None, typer.Option("--vars", metavar="FILE", help="Variables as a JSON or YAML object.")
    ] = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show the messages that a request with these variables gets."""
    from inferspect.prompts.rendering import RenderError  # noqa: PLC0415

    found = _found(_shelf(folder), prompt)
    try:
        messages = found.render({**_variables(vars_file), **dict(map(_variable, var or ()))})
    except RenderError as error:
        _fail(f"{found.file}:{error.line}: {error}")
    if as_json:
        typer.echo(json.dumps(messages, indent=2, ensure_ascii=False))
    else:
        typer.echo("\n\n".join(f"# {message['role']}\n\n{message['content']}" for message in messages))


@app.command()
def check(*, folder: Folder = None, as_json: AsJson = False) -> None:
    """Check all files, and name each mistake; the exit code is 1 where there is one."""
    chosen = folder or _configured()
    shelf = _shelf(chosen)
    mistakes = shelf.mistakes
    count = sum(len(versions) for versions in shelf.prompts.values())
    if not count and not mistakes:  # it would pass in CI for ever
        _fail(f"{chosen} holds no prompt: a folder of its name, and in it v1.md", WRONG_INPUT)
    if as_json:
        told = [
            {"file": str(one.file), "line": one.line, "field": one.field, "message": one.message} for one in mistakes
        ]
        typer.echo(json.dumps({"ok": not mistakes, "versions": count, "mistakes": told}, indent=2))
    else:
        for mistake in mistakes:
            typer.echo(str(mistake))
        typer.echo(f"{len(mistakes)} mistakes in {count} versions of {len(shelf.prompts)} prompts")
    raise typer.Exit(bool(mistakes))


def _shelf(folder: Path | None) -> Shelf:
    from inferspect.prompts.library import PromptFolder  # noqa: PLC0415

    chosen = folder or _configured()
    try:
        return PromptFolder(chosen).read()
    except OSError as error:
        _fail(f"{chosen}: {error.strerror}", WRONG_INPUT)


def _configured() -> Path:
    from inferspect.configuration import load_configuration  # noqa: PLC0415
    from inferspect.prompts.settings import USUAL, folder_of  # noqa: PLC0415
    from inferspect.settings import LaunchSettings  # noqa: PLC0415

    file = LaunchSettings().inferspect_config
    if not file.exists():
        _fail(f"there is no {file}, which says where prompts are; name their folder by --folder", WRONG_INPUT)
    try:
        folder = folder_of(load_configuration(file).settings.prompts, file)
    except ValueError as error:
        _fail(str(error), WRONG_INPUT)
    if folder is None:
        _fail(
            f"there is no folder {USUAL} beside {file}; name one by --folder or inferspect.prompts.folder", WRONG_INPUT
        )
    return folder


def _found(shelf: Shelf, wanted: str) -> Prompt:
    from inferspect.prompts.library import PromptNotFoundError, PromptUnusableError  # noqa: PLC0415

    name, _, number = wanted.partition("@")
    if number and not (number.isascii() and number.isdecimal()):
        _fail(f"{wanted!r}: a version is a whole number, such as {name}@2", WRONG_INPUT)
    try:
        return shelf.find(name, int(number) if number else None)
    except PromptNotFoundError:
        there = ", ".join(map(str, shelf.prompts.get(name, ()))) or "none"
        others = "" if name in shelf.prompts else f"; prompts are {', '.join(shelf.prompts) or 'none'}"
        _fail(f"there is no prompt {wanted!r}; versions of {name!r} are {there}{others}", WRONG_INPUT)
    except PromptUnusableError as error:
        _fail(str(error))


def _variable(told: str) -> tuple[str, str]:
    name, equals, text = told.partition("=")
    if not equals or not name:
        _fail(f"--var {told!r}: write NAME=TEXT", WRONG_INPUT)
    return name, text


def _variables(file: Path | None) -> dict[str, Any]:
    import yaml  # noqa: PLC0415

    if file is None:
        return {}
    try:
        text = file.read_text(encoding="utf-8")
        found = json.loads(text) if file.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        _fail(f"--vars {file}: {' '.join(str(error).split())}", WRONG_INPUT)
    if not isinstance(found, dict):
        _fail(f"--vars {file}: holds no object of variables", WRONG_INPUT)
    return found


def _table(columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*columns)
    for row in rows:
        cells = (row[column] for column in columns)
        table.add_row(*(Text(", ".join(map(str, cell)) if isinstance(cell, list) else cell) for cell in cells))
    Console(highlight=False).print(table if rows else "No prompts.")


def _fail(message: str, exit_status: int = 1) -> NoReturn:
    typer.echo(f"inferspect: {message}", err=True)
    raise typer.Exit(exit_status)
