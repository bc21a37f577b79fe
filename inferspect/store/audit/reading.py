"""Reads the audit log as it was written, in bounded memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from inferspect.store.audit.entry import FIELDS

_AS_TEXT = {
    "event_id": "event_id::text",
    "cost": "cost::text",
    "details": "details::text",
    **{
        name: f"""to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        for name in ("occurred_at", "recorded_at")
    },
}
COLUMNS = ", ".join(f"{_AS_TEXT[name]} AS {name}" if name in _AS_TEXT else name for name in FIELDS)
"""All fields as they stand in the canonical form, but ``details`` as text."""

DETAILS = FIELDS.index("details")
AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Selection:
    """Which entries: of one chain or of all, from a time on, and up to but not including another."""

    chain: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    kind: str | None = None
    key_hash: str | None = None
    user_id: str | None = None
    decision: str | None = None
    event_id: str | None = None

    def condition(self) -> tuple[str, dict[str, Any]]:
        """SQL and its parameters."""
        told = {
            "chain = :chain": self.chain,
            "occurred_at >= :since": self.since,
            "occurred_at < :until": self.until,
            "kind = :kind": self.kind,
            "key_hash = :key_hash": self.key_hash,
            "user_id = :user_id": self.user_id,
            "decision = :decision": self.decision,
            "event_id = CAST(:event_id AS uuid)": self.event_id,
        }
        parts = {part: value for part, value in told.items() if value is not None}
        parameters = {part.partition(":")[2].split()[0].rstrip(")"): value for part, value in parts.items()}
        return " AND ".join(parts) or "true", parameters


def entry_of(row: Any) -> dict[str, Any]:
    """An entry from a row of ``COLUMNS``."""
    entry = dict(zip(FIELDS, row, strict=True))
    entry["details"] = orjson.loads(entry["details"])
    return entry


async def entries(connection: AsyncConnection, selection: Selection) -> AsyncIterator[list[dict[str, Any]]]:
    """Entries by chain and sequence, some hundred at a time."""
    condition, parameters = selection.condition()
    statement = f"SELECT {COLUMNS} FROM inferspect.audit_log WHERE {condition} ORDER BY chain, sequence"  # noqa: S608
    async for part in stream(connection, statement, parameters):
        yield [entry_of(row) for row in part]


async def page(
    connection: AsyncConnection, selection: Selection, *, below: tuple[str, int] | None, most: int
) -> list[dict[str, Any]]:
    """Entries, newest first within a chain; ``below`` is chain and sequence of the last one that was read."""
    condition, parameters = selection.condition()
    if below is not None:
        condition += " AND (chain < :last_chain OR (chain = :last_chain AND sequence < :last_sequence))"
        parameters |= {"last_chain": below[0], "last_sequence": below[1]}
    statement = (
        f"SELECT {COLUMNS} FROM inferspect.audit_log WHERE {condition}"  # noqa: S608  no value is in it
        " ORDER BY chain DESC, sequence DESC LIMIT :most"
    )
    found = await connection.execute(text(statement), {**parameters, "most": most})
    return [entry_of(row) for row in found]


async def stream(
    connection: AsyncConnection, statement: str, parameters: Mapping[str, Any], at_a_time: int = AT_A_TIME
) -> AsyncIterator[Any]:
    """Rows of a query by a cursor of the server's, so many at a time."""
    result = await connection.stream(text(statement), dict(parameters), execution_options={"yield_per": at_a_time})
    async for part in result.partitions():
        yield part
