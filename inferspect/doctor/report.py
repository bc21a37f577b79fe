"""Prints results for a person, or as JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from inferspect.doctor.effective import EffectiveSetting
from inferspect.doctor.result import Level, Result

STYLES = {Level.OK: "green", Level.INFO: "cyan", Level.WARNING: "yellow", Level.ERROR: "bold red"}


def print_results(results: Sequence[Result], console: Console) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for result in results:
        described = Text(result.message)
        if result.remedy:
            described.append(f"\n-> {result.remedy}", style="bold")
        table.add_row(Text(result.level, STYLES[result.level]), result.name, described)
    console.print(table)
    console.print(f"\n{_summary(results)}")


def print_settings(settings: Sequence[EffectiveSetting], console: Console) -> None:
    table = Table.grid(padding=(0, 2))
    for setting in settings:
        shown = "unset" if setting.value is None else setting.value
        text = shown if isinstance(shown, str) else json.dumps(shown)
        table.add_row(setting.name, Text(text), Text(setting.origin, "dim" if setting.origin == "default" else "bold"))
    console.print(table)


def as_json(records: Sequence[Result] | Sequence[EffectiveSetting]) -> str:
    return json.dumps([asdict(record) for record in records], indent=2)


def has_error(results: Sequence[Result]) -> bool:
    return any(result.level is Level.ERROR for result in results)


def _summary(results: Sequence[Result]) -> str:
    errors = sum(result.level is Level.ERROR for result in results)
    warnings = sum(result.level is Level.WARNING for result in results)
    return f"{errors} error(s), {warnings} warning(s)"
