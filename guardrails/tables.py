"""Shows previews and accuracy to a person at a terminal."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from guardrails.accuracy import Accuracy, Figures, Mistake
from guardrails.policy.policy import Way

# What a terminal would act on, and what a lone half of a pair of surrogates would fail to be printed for.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
STYLES = {"block": "bold red", "report": "yellow", "pass": "green"}
READERS: dict[Way, str] = {"input": "The provider", "output": "The client"}
DRY_RUN = " (dry run)"


def print_preview(shown: Mapping[str, Any], text: str, way: Way, console: Console) -> None:
    """A preview as :meth:`guardrails.preview.Preview.as_json` gives it, of ``text``."""
    table = _table(left=("entity",), right=("start", "end", "score"), more=("valid", "action"))
    table.add_column("value", overflow="fold")
    for span in shown["spans"]:
        place = str(span["start"]), str(span["end"]), f"{span['score']:.2f}"
        value = printable(text[span["start"] : span["end"]])
        action = f"{span['action']}{DRY_RUN}" if span["dry_run"] else span["action"]
        table.add_row(span["entity"], *place, "yes" if span["validated"] else "", action, Text(value))
    console.print(table if shown["spans"] else "Nothing was found.")
    console.print()
    for verdict in shown["verdicts"]:
        line = Text(f"{verdict['guardrail']}: ")
        line.append(verdict["decision"], STYLES.get(verdict["decision"], "cyan"))
        line.append(DRY_RUN if verdict["dry_run"] else "")
        counts = ", ".join(f"{count} {entity}" for entity, count in sorted(verdict["counts"].items()))
        console.print(line.append(f", {counts}" if counts else ""))
    if shown["refusal"]:
        console.print(Text(f"\nRefused with {shown['refusal']['code']}: {shown['refusal']['message']}"))
    else:
        console.print(Text(f"\n{READERS[way]} would get:\n{printable(shown['text'])}"), soft_wrap=True)


def print_accuracy(accuracy: Accuracy, shown: Sequence[Mistake], console: Console) -> None:
    """Figures by entity and over all, what was left out, and some of the mistakes."""
    table = _table(left=("entity",), right=("labelled", "found", "right", "exact", "precision", "recall", "F1"))
    for entity, figures in sorted(accuracy.by_entity.items()):
        table.add_row(entity, *_row(figures))
    table.add_section()
    table.add_row("all", *_row(accuracy.overall), style="bold")
    console.print(table)
    console.print(f"\n{accuracy.texts} text(s)")
    if accuracy.not_looked_for:
        labels = ", ".join(f"{label} ({count})" for label, count in sorted(accuracy.not_looked_for.items()))
        console.print(Text(f"labels that these rules do not look for, left out of the figures: {printable(labels)}"))
    console.print()
    for mistake in shown:
        seen = f", found as {mistake.taken_for}" if mistake.taken_for else ""
        line = Text(f"{mistake.place}: {mistake.kind} of {mistake.entity}{seen}: ")
        line.append(_on_one_line(mistake.before), "dim")
        line.append(_on_one_line(mistake.value), "bold")
        line.append(_on_one_line(mistake.after), "dim")
        console.print(line, soft_wrap=True)
    if hidden := len(accuracy.mistakes) - len(shown):
        console.print(f"{hidden} more mistake(s); --misses shows more")


def printable(text: str) -> str:
    """The text with what a terminal would act on written out."""
    return UNPRINTABLE.sub(lambda match: f"\\x{ord(match.group()):02x}", text)


def _on_one_line(text: str) -> str:
    return printable(text.replace("\n", " ").replace("\t", " "))


def _row(figures: Figures) -> list[str]:
    shares = (figures.precision, figures.recall, figures.f1)
    counts = (figures.labelled, figures.found, figures.right, figures.exact)
    return [*map(str, counts), *("-" if share is None else f"{share:.3f}" for share in shares)]


def _table(left: Sequence[str], right: Sequence[str], more: Sequence[str] = ()) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in left:
        table.add_column(name, no_wrap=True)
    for name in right:
        table.add_column(name, no_wrap=True, justify="right")
    for name in more:
        table.add_column(name, no_wrap=True)
    return table
