"""Writes many rows by one statement with one parameter: a JSON array, which PostgreSQL takes apart itself.

A parameter for each value of each row would cost ten times as much time of the event loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

MOST_ROWS = 100
MOST_BYTES = 1024**2


def rows_from(table: str) -> str:
    """The ``FROM`` item whose columns are those of ``table`` and whose rows are the parameter ``:rows``."""
    return f"json_populate_recordset(CAST(NULL AS {table}), CAST(:rows AS json))"


def upsert(table: str, columns: Sequence[str], key: Sequence[str] = ("id", "occurred_at"), returning: str = "") -> str:
    """Insert rows; where there is one of the key, the newer ``revision`` wins."""
    names = ", ".join(columns)
    changes = ", ".join(f"{column} = excluded.{column}" for column in columns if column not in key)
    short = table.rpartition(".")[2]
    statement = (
        f"INSERT INTO {table} ({names}) SELECT {names} FROM {rows_from(table)}"  # noqa: S608  names of our own
        f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes} WHERE {short}.revision < excluded.revision"
    )
    return f"{statement} RETURNING {returning}" if returning else statement


def as_json(rows: Sequence[Any]) -> Iterator[str]:
    """The rows as JSON arrays, each small enough not to hold the event loop up."""
    texts: list[bytes] = []
    size = 0
    for row in rows:
        text = orjson.dumps(row)
        if texts and (len(texts) == MOST_ROWS or size + len(text) > MOST_BYTES):
            yield (b"[" + b",".join(texts) + b"]").decode()
            texts, size = [], 0
        texts.append(text)
        size += len(text)
    if texts:
        yield (b"[" + b",".join(texts) + b"]").decode()
