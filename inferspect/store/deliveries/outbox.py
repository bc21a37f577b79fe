"""Posts messages to consumers: they are delivered like events, at least once, with retry and dead letter."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from inferspect.store.tables import DeliveryRow


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
