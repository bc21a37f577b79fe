"""InferSpect's tables, all in schema ``inferspect``, apart from LiteLLM's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import MetaData, SmallInteger, Text
from sqlalchemy.dialects.postgresql import BYTEA, DOUBLE_PRECISION, JSONB, TIMESTAMP, UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

SCHEMA = "inferspect"


class Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA)


class Event(Base):
    """One request: see :class:`inferspect.events.event.GatewayEvent`. Partitioned by the UTC day of ``occurred_at``."""

    __tablename__ = "events"
    __table_args__ = {"postgresql_partition_by": "RANGE (occurred_at)"}  # noqa: RUF012  SQLAlchemy reads a plain dict

    id: Mapped[str] = mapped_column(UUID(as_uuid=False), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), primary_key=True)
    revision: Mapped[int]
    complete: Mapped[bool]
    tenant_id: Mapped[str | None] = mapped_column(Text)
    tenant_alias: Mapped[str | None] = mapped_column(Text)
    key_hash: Mapped[str | None] = mapped_column(Text)
    key_alias: Mapped[str | None] = mapped_column(Text)
    user_id: Mapped[str | None] = mapped_column(Text)
    end_user: Mapped[str | None] = mapped_column(Text)
    client_address: Mapped[str] = mapped_column(Text)
    client_request_id: Mapped[str | None] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    route: Mapped[str] = mapped_column(Text)
    call_type: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    model_served: Mapped[str | None] = mapped_column(Text)
    provider: Mapped[str | None] = mapped_column(Text)
    deployment_id: Mapped[str | None] = mapped_column(Text)
    stream: Mapped[bool]
    result: Mapped[str] = mapped_column(Text)
    status: Mapped[int] = mapped_column(SmallInteger)
    code: Mapped[str | None] = mapped_column(Text)
    error_class: Mapped[str | None] = mapped_column(Text)
    prompt_tokens: Mapped[int | None]
    completion_tokens: Mapped[int | None]
    total_tokens: Mapped[int | None]
    cost: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    finish_reason: Mapped[str | None] = mapped_column(Text)
    seconds_to_response: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    seconds_total: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    verdicts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)


class PlaceholderVault(Base):
    """What placeholders of one response stand for, encrypted: see :mod:`guardrails.placeholders.vault`."""

    __tablename__ = "placeholder_vault"

    tenant_id: Mapped[str] = mapped_column(Text, primary_key=True)
    response_key: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    key_version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(BYTEA)
    expires_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
