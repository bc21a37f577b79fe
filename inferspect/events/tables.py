"""Shows events and dead letters to a person at a terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # what a terminal would act on
LETTER = ("consumer", "id", "tenant_id", "attempts", "dead_at", "reason")
DELIVERY = ("consumer", "attempts", "due_at", "dead_at", "reason")


def print_status(found: dict[str, Any]) -> None:
    _print(found["spools"], ("spool", "events", "oldest_seconds", "bytes", "worker_ended"), "No spools in this folder.")
    _print(found["consumers"], ("consumer", "waiting", "dead", "lag_seconds", "reason"), "No deliveries are open.")
    if found["set_aside"]:
        Console(highlight=False).print(f"{found['set_aside']} events could not be stored: see `dead-letter list`.")


def print_letters(found: Sequence[dict[str, Any]]) -> None:
    _print(found, LETTER, "No dead letters.")


def print_request(found: dict[str, Any]) -> None:
    table = Table("field", "value", show_header=False, box=None)
    for name, value in found["event"].items():
        if value not in (None, [], {}):
            table.add_row(name, _text(value))
    for name, value in found["content"].items():
        table.add_row(name, _text(value))
    console = Console(highlight=False)
    console.print(table)
    _print(found["deliveries"], DELIVERY, "All consumers have got it.")


def _print(rows: Sequence[dict[str, Any]], columns: Sequence[str], empty: str) -> None:
    table = Table()
    for column in columns:
        table.add_column(column, no_wrap=column == "id")  # to be copied, and found in what is piped
    for row in rows:
        table.add_row(*(_text(row.get(column)) for column in columns))
    Console(highlight=False).print(table if rows else empty)


def _text(value: Any) -> Text:
    if value is None:
        return Text("")
    if isinstance(value, float):
        value = f"{value:.6g}"
    shown = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False).strip('"')
    return Text(UNPRINTABLE.sub("\ufffd", shown), overflow="fold")
