"""What a person is told of a promotion."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

import typer

from evals.promotion.case_file import CaseFile
from evals.promotion.promotion import Promoted

WORD_WIDTH = 10
MOST_REFUSED = 10


def show(done: Promoted, named: Sequence[str]) -> None:
    """A line for each request; refused ones that nobody named are counted by their reasons where they are many."""
    for candidate, case in done.added:
        _line("promoted", candidate.id, f"{case.sources[0].why}: {case.description}")
    for candidate, description in done.merged:
        _line("merged", candidate.id, f"asks the same as: {description}")
    for candidate, place in done.by_hand:
        _line("there", candidate.id, f"asks the same as the case: {place}")
    for candidate in done.known:
        _line("there", candidate.id, "was promoted before")
    told = [pair for pair in done.refused if pair[0].id in named or len(done.refused) <= MOST_REFUSED]
    for candidate, reason in told:
        _line("refused", candidate.id, reason)
    others = Counter(reason for pair in done.refused if pair not in told for reason in pair[1:])
    for reason, count in others.most_common():
        _line("refused", f"{count} requests", reason)


def show_difference(file: CaseFile) -> None:
    """What writing would change, as a unified diff."""
    lines = difflib.unified_diff(
        file.before.splitlines(keepends=True), file.text.splitlines(keepends=True), str(file.path), str(file.path)
    )
    typer.echo("".join(lines), nl=False)


def show_end(done: Promoted, file: CaseFile, *, dry_run: bool) -> None:
    counts = {
        "promoted": len(done.added),
        "merged": len(done.merged),
        "there already": len(done.known) + len(done.by_hand),
        "left out for more different ones": len(done.left_out),
        "refused": len(done.refused),
    }
    shown = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "no request found"
    changed = "would be written" if dry_run else "written"
    typer.echo(f"{shown}; {file.path} {changed if file.text != file.before else 'stays as it is'}")


def _line(what: str, which: str, text: str) -> None:
    typer.echo(f"{what:<{WORD_WIDTH}}{which}  {_visible(text)}")


def _visible(text: str) -> str:
    """On one line, without what a terminal would obey."""
    return "".join(_signs(" ".join(text.split())))


def _signs(text: str) -> Iterable[str]:
    return (sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
