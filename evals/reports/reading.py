"""Reads responses and their scores from the store into files, in one transaction that sees one state of it.

Rows go from PostgreSQL to the file as they come, so that memory does not grow with their number.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from io import BufferedWriter
from pathlib import Path
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql
from sqlalchemy import URL

from evals.reports.contents import answer_of, question_of
from evals.reports.windows import Window

MOST_NAMES = 200
LONGEST_CONTENT = 65_536  # bytes of JSON that are looked into
LONGEST_QUESTION = 1000
LONGEST_ANSWER = 4000
ANSWERS_OF_A_PROMPT = 10
FIXED: dict[str, str] = {
    "id": "s.id",
    "occurred_at": "s.occurred_at",
    "model": "s.model",
    "prompt_hash": "e.content_hash",
    "answer_hash": "md5(c.output)",
    "skipped": "s.skipped",
    "Prompt Tokens": "e.prompt_tokens",
    "Answer Tokens": "e.completion_tokens",
    "Cost": "e.cost",
    "Language": "s.labels ->> 'Language'",
}
# All of constants; values are put in by psycopg.
# ruff: noqa: S608
OF_WINDOW = "s.tenant_id = {tenant} AND s.occurred_at >= {start} AND s.occurred_at < {end}"
JOINED = (
    "inferspect.scores s"
    " LEFT JOIN inferspect.events e ON e.id = s.id AND e.occurred_at = s.occurred_at"
    " AND e.occurred_at >= {start} AND e.occurred_at < {end}"
    " LEFT JOIN inferspect.event_contents c ON c.id = s.id AND c.occurred_at = s.occurred_at"
    " AND c.occurred_at >= {start} AND c.occurred_at < {end}"
)
NAMES = (
    "SELECT DISTINCT jsonb_object_keys(s.scores || s.skips) AS name FROM inferspect.scores s WHERE " + OF_WINDOW
    + " ORDER BY 1"
)  # fmt: skip
COUNT = "SELECT count(*) FROM inferspect.scores s WHERE " + OF_WINDOW
# By a hash, so that a sample is even, and the same at each reading.
ROWS = "COPY (SELECT {columns} FROM " + JOINED + " WHERE " + OF_WINDOW + " {sample}) TO STDOUT (FORMAT csv)"
SAMPLE = "ORDER BY md5(s.id::text) LIMIT {most}"
QUESTIONS = (
    "SELECT s.id, c.input FROM inferspect.scores s JOIN inferspect.event_contents c"
    " ON c.id = s.id AND c.occurred_at = s.occurred_at AND c.occurred_at >= {start} AND c.occurred_at < {end}"
    " WHERE " + OF_WINDOW + " AND length(c.input) <= {longest} ORDER BY md5(s.id::text) LIMIT {most}"
)
ANSWERS = (
    "WITH prompts AS (SELECT e.content_hash FROM " + JOINED + " WHERE " + OF_WINDOW + " AND c.output IS NOT NULL"
    " AND e.content_hash IS NOT NULL GROUP BY 1 HAVING count(*) > 1 ORDER BY md5(e.content_hash) LIMIT {prompts})"
    " SELECT DISTINCT ON (e.content_hash, md5(c.output)) e.content_hash, s.id, c.output FROM " + JOINED
    + " JOIN prompts ON prompts.content_hash = e.content_hash WHERE " + OF_WINDOW
    + " AND length(c.output) <= {longest} ORDER BY e.content_hash, md5(c.output), s.occurred_at"
)  # fmt: skip


class Reader:
    """Reads one tenant's responses."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], tenant: str) -> None:
        self._connection = connection
        self._tenant = tenant

    async def count(self, window: Window) -> int:
        """How many responses the window has."""
        cursor = await self._connection.execute(self._query(COUNT, window))
        row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def names(self, *windows: Window) -> list[str]:
        """Names of all scores that a response of the windows has, or was to have."""
        found: set[str] = set()
        for window in windows:
            cursor = await self._connection.execute(self._query(NAMES, window))
            found |= {str(row[0]) async for row in cursor}
        return sorted(found)[:MOST_NAMES]

    async def write_rows(self, window: Window, names: Sequence[str], most: int, file: Path) -> int:
        """Write responses as CSV, a column a score; gzipped where the file's name says so.

        Args:
            names: of scores.
            most: above which an even sample of that many is written.

        Returns:
            How many responses the window has.
        """
        count = await self.count(window)
        scores = [sql.SQL("(s.scores ->> {name})::float8").format(name=sql.Literal(name)) for name in names]
        columns = sql.SQL(", ").join([*(sql.SQL(column) for column in FIXED.values()), *scores])
        sample = sql.SQL(SAMPLE).format(most=sql.Literal(most)) if count > most else sql.SQL("")
        query = self._query(ROWS, window, columns=columns, sample=sample)
        with _opened(file) as written:
            head = [*FIXED, *(f"{name} (score)" if name in FIXED else name for name in names)]
            written.write(",".join('"' + name.replace('"', '""') + '"' for name in head).encode() + b"\n")
            async with self._connection.cursor() as cursor, cursor.copy(query) as copy:
                async for part in copy:
                    written.write(part)
        return count

    async def write_questions(self, parts: dict[str, Window], most: int, file: Path) -> int:
        """Write what users asked, by ``part``, as far as contents are kept; returns how many were written."""
        written = 0
        with file.open("w", encoding="utf-8", newline="") as opened:
            rows = csv.writer(opened)
            rows.writerow(["part", "id", "text"])
            for part, window in parts.items():
                values = {"longest": sql.Literal(LONGEST_CONTENT), "most": sql.Literal(most)}
                async for row in self._streamed(self._query(QUESTIONS, window, **values)):
                    text = question_of(row[1])[:LONGEST_QUESTION]
                    if text:
                        rows.writerow([part, row[0], text])
                        written += 1
        return written

    async def write_answers(self, window: Window, prompts: int, file: Path) -> None:
        """Write the different answers to prompts that came more than once."""
        with file.open("w", encoding="utf-8", newline="") as opened:
            rows = csv.writer(opened)
            rows.writerow(["prompt_hash", "id", "text"])
            values = {"longest": sql.Literal(LONGEST_CONTENT), "prompts": sql.Literal(prompts)}
            prompt, answers = None, 0
            async for row in self._streamed(self._query(ANSWERS, window, **values)):
                prompt, answers = row[0], (answers + 1 if row[0] == prompt else 1)
                if answers <= ANSWERS_OF_A_PROMPT:
                    rows.writerow([row[0], row[1], answer_of(row[2])[:LONGEST_ANSWER]])

    async def _streamed(self, query: sql.Composed) -> AsyncIterator[tuple[Any, ...]]:
        async with self._connection.cursor(name="responses") as cursor:
            await cursor.execute(query)
            async for row in cursor:
                yield row

    def _query(self, statement: str, window: Window, **values: sql.Composable) -> sql.Composed:
        return sql.SQL(statement).format(
            tenant=sql.Literal(self._tenant), start=sql.Literal(window.start), end=sql.Literal(window.end), **values
        )


@asynccontextmanager
async def reading(url: URL, tenant: str) -> AsyncIterator[Reader]:
    """A reader of the database's present state.

    Raises:
        psycopg.Error: the database is away.
    """
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    async with await psycopg.AsyncConnection.connect(address) as connection:
        await connection.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        await connection.set_read_only(True)
        yield Reader(connection, tenant)
        await connection.rollback()


def _opened(file: Path) -> gzip.GzipFile | BufferedWriter:
    return gzip.open(file, "wb", compresslevel=3) if file.suffix == ".gz" else file.open("wb")
