"""What a person sees at the terminal when a run has ended."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape as escape_markup
from rich.table import Table

from evals.gate.verdict import Outcome, Verdict
from evals.summary import rows
from evals.summary.rows import Line

STYLES = {Outcome.WELL: "green", Outcome.FAILED: "red", Outcome.ERROR: "red", Outcome.WRONG_INPUT: "red"}
# A terminal obeys these: an answer could clear what was said before, or fill the clipboard.
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def escape(text: str) -> str:
    """Text that a terminal shows and does nothing else with."""
    return escape_markup(CONTROL.sub("\ufffd", text))


def print_verdict(verdict: Verdict, notes: Iterable[str], folder: Path, console: Console) -> None:
    """The table, then what failed with its reason, then the verdict in one line."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in rows.TITLES:
        table.add_column(title, justify="left" if title == "suite" else "right")
    for row in rows.rows(verdict):
        table.add_row(*map(escape, row.cells), style=None if row.outcome is Outcome.WELL else STYLES[row.outcome])
    console.print()
    console.print(table)
    _print_lines("errors", rows.errors(verdict), "red", console)
    _print_lines("failed", rows.failures(verdict), "red", console)
    _print_lines("to know", rows.warnings(verdict), "yellow", console)
    if verdict.without_baseline:
        console.print(f"[dim]no baseline yet: {escape(', '.join(verdict.without_baseline))} (--update-baseline)[/dim]")
    for note in notes:
        console.print(f"[yellow]{escape(note)}[/yellow]", soft_wrap=True)
    outcome = verdict.outcome
    console.print(
        f"\n[bold {STYLES[outcome]}]{rows.OUTCOMES[outcome]}[/] · {rows.total_cost(verdict)} · "
        f"{escape(str(folder / 'index.html'))}",
        soft_wrap=True,
    )


def _print_lines(title: str, lines: Iterable[Line], style: str, console: Console) -> None:
    for number, line in enumerate(lines):
        if not number:
            console.print(f"\n[bold {style}]{title}[/]")
        told = f"  {line.kind}: {line.suite}: {line.subject}"
        console.print(f"[{style}]{escape(told)}[/]\n    [dim]{escape(line.reason)}[/dim]", soft_wrap=True)
