"""Reads events and their contents back from the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, any_, cast, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from inferspect.events.delivery import Content
from inferspect.events.event import VERSION, GatewayEvent, NewerEventError
from inferspect.store.tables import Event, EventContent

EVENT = Event.__table__
CONTENT = EventContent.__table__


async def events_of(
    connection: AsyncConnection, wanted: Mapping[str, datetime]
) -> dict[str, GatewayEvent | NewerEventError]:
    """Events by their ids; looks only into partitions of the days on which the requests came.

    Args:
        wanted: ids, and when each request came.
    """
    rows = await connection.execute(_of(select(*EVENT.columns), EVENT, wanted))
    return {row["id"]: _event(dict(row)) for row in rows.mappings()}


async def contents_of(connection: AsyncConnection, wanted: Mapping[str, datetime]) -> dict[str, Content]:
    """Contents, as far as they are kept, as :func:`events_of`."""
    columns = CONTENT.columns
    rows = await connection.execute(_of(select(columns.id, columns.input, columns.output), CONTENT, wanted))
    return {row.id: Content(row.input, row.output) for row in rows}


def _of(statement: Select[Any], table: Any, wanted: Mapping[str, datetime]) -> Select[Any]:
    columns, moments = table.columns, wanted.values()
    ids = cast(list(wanted), ARRAY(columns.id.type))
    return statement.where(columns.id == any_(ids), columns.occurred_at.between(min(moments), max(moments)))


def _event(row: dict[str, Any]) -> GatewayEvent | NewerEventError:
    if row["version"] > VERSION:
        return NewerEventError(f"the event is of version {row['version']}, this program knows {VERSION}")
    return GatewayEvent(**row)
