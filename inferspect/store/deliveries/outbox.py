"""Posts messages to consumers: they are delivered like events, at least once, with retry and dead letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.store.deliveries.queue import TABLE
from inferspect.store.json_rows import as_json, rows_from
from inferspect.store.tables import DeliveryRow

POST = text(f"""
    INSERT INTO {TABLE} (consumer, id, occurred_at, tenant_id, revision, message)
    SELECT consumer, id, now(), tenant_id, 0, message FROM {rows_from(TABLE)} ON CONFLICT DO NOTHING
""")  # noqa: S608  names of our own


@dataclass(frozen=True, slots=True)
class Message:
    """What one consumer is to get; ``id`` is a UUID, ``message`` JSON without NaN."""

    consumer: str
    id: str
    message: dict[str, Any]
    tenant_id: str | None = None


class Outbox:
    """Writes messages into ``inferspect.deliveries``."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def post(self, consumer: str, message_id: str, message: dict[str, Any], tenant_id: str | None = None) -> None:
        """Post a message in a transaction of its own.

        Args:
            consumer: name of the one that is to get it.
            message_id: a UUID; a second message of the same id to the same consumer is not posted.
            message: JSON.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: it was not posted.
        """
        async with self._engine.begin() as connection:
            await self.post_in(connection, consumer, message_id, message, tenant_id)

    async def post_in(
        self,
        connection: AsyncConnection,
        consumer: str,
        message_id: str,
        message: dict[str, Any],
        tenant_id: str | None = None,
    ) -> None:
        """Post a message with the transaction of ``connection``: it is stored with what led to it, or neither is."""
        row = {
            "consumer": consumer,
            "id": message_id,
            "occurred_at": func.now(),  # of the database, as all that tells when a delivery is due
            "tenant_id": tenant_id,
            "revision": 0,
            "message": message,
        }
        await connection.execute(insert(DeliveryRow).values(**row).on_conflict_do_nothing())

    async def post_all_in(self, connection: AsyncConnection, messages: Sequence[Message]) -> None:
        """As :meth:`post_in`, many at once: a statement for each costs the event loop much more."""
        # In the order in which all processes lock rows, so that none waits for another in a circle.
        for rows in as_json(sorted(messages, key=lambda message: (message.consumer, message.id))):
            await connection.execute(POST, {"rows": rows})
