"""``inferspect eval promote``: requests to the gateway become cases of a suite."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn
from uuid import UUID

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evals.promotion.selection import Selection

# Imports stand inside of functions: every command of `inferspect` loads this module.

WRONG_INPUT, FAILED = 2, 1
LONGEST_TEXT = 1_000_000  # bytes of a question that is handed in


def promote(
    request_ids: Annotated[
        list[UUID] | None, typer.Argument(metavar="[REQUEST_ID]...", help="`x-request-id` of responses.")
    ] = None,
    *,
    suite: Annotated[str, typer.Option(metavar="NAME", help="The suite that gets the cases.")],
    worst: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="So many requests with the worst scores; needs --by.")
    ] = None,
    by: Annotated[str | None, typer.Option(metavar="SCORE", help="Name of the score, such as `Relevance`.")] = None,
    order: Annotated[
        Literal["lowest", "highest"] | None,
        typer.Option(help="Which scores are the worst; else the score says it."),
    ] = None,
    failed: Annotated[bool, typer.Option("--failed", help="Requests that failed.")] = False,
    blocked: Annotated[
        bool, typer.Option("--blocked", help="Requests that a guardrail refused; the cases say that it should not.")
    ] = False,
    thumbs_down: Annotated[
        bool,
        typer.Option("--thumbs-down", help="Requests whose answers people disliked, by their scores in Langfuse."),
    ] = False,
    langfuse_score: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the score in Langfuse.")
    ] = "user-feedback",
    at_most: Annotated[float, typer.Option(help="The best value of it that is no praise.")] = 0.0,
    since: Annotated[str, typer.Option(metavar="DURATION", help="How far back to look, such as 12h or 7d.")] = "7d",
    tenant: Annotated[str | None, typer.Option(metavar="ID", help="Of this tenant only.")] = None,
    model: Annotated[str | None, typer.Option(help="Asked for this model only.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=10_000, help="Most requests of --failed, --blocked and --thumbs-down, the latest.")
    ] = 20,
    diverse: Annotated[
        int | None, typer.Option(min=1, help="Of all of them so many, those that ask the most different things.")
    ] = None,
    embeddings: Annotated[
        str | None, typer.Option(metavar="MODEL", help="For --diverse, by vectors of this model of the gateway.")
    ] = None,
    last_turn: Annotated[
        bool, typer.Option("--last-turn", help="Of a conversation only what the user said last.")
    ] = False,
    variables: Annotated[
        list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="A variable of all cases; may be repeated.")
    ] = None,
    question: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="What one request asked, where it is not in the store; `-`: standard input."),
    ] = None,
    why: Annotated[str, typer.Option(metavar="TEXT", help="Why requests that are named are promoted.")] = "",
    folder: Annotated[Path, typer.Option(help="Where the suites are: FOLDER/suites/NAME/suite.yaml.")] = Path(
        "promptfoo"
    ),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be added; write nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking, where requests are looked for.")] = False,
) -> None:
    """Make cases of requests, redacted, with assertions that the answers of then fail."""
    from evals.promotion.selection import Selection  # noqa: PLC0415

    if (worst is None) != (by is None):
        _fail("--worst and --by go together, such as --worst 20 --by Relevance")
    selection = Selection(
        ids=tuple(dict.fromkeys(str(one) for one in request_ids or ())),
        why=why,
        worst=worst,
        by=by,
        order=order,
        failed=failed,
        blocked=blocked,
        thumbs_down=thumbs_down,
        langfuse_score=langfuse_score,
        at_most=at_most,
        since=since,
        tenant=tenant,
        model=model,
        limit=limit,
    )
    if not selection.ids and not selection.is_bulk:
        _fail("say which requests: their ids, or --worst, --failed, --blocked or --thumbs-down")
    if question is not None and (len(selection.ids) != 1 or selection.is_bulk):
        _fail("--question is what one request asked: name that one")
    if embeddings is not None and diverse is None:
        _fail("--embeddings is for --diverse")
    _run(
        selection,
        suite,
        folder,
        constants=_constants(variables or []),
        diverse=diverse,
        embeddings=embeddings,
        last_turn=last_turn,
        typed=None if question is None else _text(question),
        dry_run=dry_run,
        asks=selection.is_bulk and not yes and not dry_run,
    )


def _run(
    selection: Selection,
    suite: str,
    folder: Path,
    *,
    constants: Mapping[str, str],
    diverse: int | None,
    embeddings: str | None,
    last_turn: bool,
    typed: str | None,
    dry_run: bool,
    asks: bool,
) -> None:
    import asyncio  # noqa: PLC0415

    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from evals.promotion import told  # noqa: PLC0415
    from evals.promotion.case_file import CaseFileError, read_case_file  # noqa: PLC0415
    from evals.promotion.conversation import NotPromotableError, typed_question  # noqa: PLC0415
    from evals.promotion.distances import distances_of  # noqa: PLC0415
    from evals.promotion.langfuse_scores import LangfuseError  # noqa: PLC0415
    from evals.promotion.promotion import Wishes, promote  # noqa: PLC0415
    from evals.promotion.redaction import NoRedactorError, Redaction  # noqa: PLC0415
    from evals.promotion.selection import SelectionError, select  # noqa: PLC0415
    from evals.promotion.target import TargetError, read_target  # noqa: PLC0415
    from inferspect.asking import GatewayUnavailableError  # noqa: PLC0415
    from inferspect.logs import without_secrets  # noqa: PLC0415
    from inferspect.settings import LaunchSettings  # noqa: PLC0415
    from inferspect.store.address import AddressError  # noqa: PLC0415

    launch = LaunchSettings()
    try:
        target = read_target(folder, suite)
        file = read_case_file(target.file)
        wishes = Wishes(
            Redaction.installed(launch),
            distances_of(launch, embeddings),
            constants,
            None if typed is None else typed_question(typed),
            last_turn,
            diverse,
        )
        candidates, kept = asyncio.run(select(launch, selection))
        done = promote(candidates, kept, target, file, wishes)
        told.show(done, selection.ids)
        if dry_run:
            told.show_difference(file)
        elif file.text != file.before:
            if asks and not _confirmed(file.path):
                raise typer.Exit(FAILED)
            file.write()
        told.show_end(done, file, dry_run=dry_run)
    except (TargetError, SelectionError, NotPromotableError) as error:
        _fail(str(error))
    except (CaseFileError, NoRedactorError, LangfuseError, GatewayUnavailableError, AddressError) as error:
        _fail(str(error), FAILED)
    except SQLAlchemyError as error:
        reason = without_secrets(str(getattr(error, "orig", None) or error)).strip().partition("\n")[0]
        _fail(f"the database cannot be used: {reason}", FAILED)
    except OSError as error:
        _fail(f"the file of cases cannot be written: {error}", FAILED)
    if done.refused and selection.ids:
        raise typer.Exit(FAILED)


def _confirmed(file: Path) -> bool:
    try:
        return typer.confirm(f"Write this to {file}?")
    except typer.Abort:
        typer.echo(err=True)
        _fail("nothing is written, as nobody answered; --yes writes without asking", FAILED)


def _constants(given: list[str]) -> dict[str, str]:
    constants = {}
    for pair in given:
        name, sign, value = pair.partition("=")
        if not sign or not name.isidentifier():
            _fail(f"--var {pair}: expected NAME=VALUE")
        constants[name] = value
    return constants


def _text(file: Path) -> str:
    try:
        content = sys.stdin.buffer.read(LONGEST_TEXT) if str(file) == "-" else file.read_bytes()[:LONGEST_TEXT]
        return content.decode("utf-8")
    except OSError as error:
        _fail(f"--question {file}: {error.strerror}")
    except UnicodeDecodeError:
        _fail(f"--question {file}: it is not written in UTF-8")


def _fail(message: str, status: int = WRONG_INPUT) -> NoReturn:
    typer.echo(f"inferspect: {message}", err=True)
    raise typer.Exit(status)
