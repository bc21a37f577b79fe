"""InferSpect's tables, all in schema ``inferspect``, apart from LiteLLM's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import MetaData, SmallInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, DOUBLE_PRECISION, JSONB, TIMESTAMP, UUID
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
    usage: Mapped[dict[str, int]] = mapped_column(JSONB)
    cost_details: Mapped[dict[str, float]] = mapped_column(JSONB)
    parameters: Mapped[dict[str, Any]] = mapped_column(JSONB)
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    seconds_to_first_token: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    trace_parent: Mapped[str | None] = mapped_column(Text)
    session_id: Mapped[str | None] = mapped_column(Text)
    trace_name: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    release: Mapped[str | None] = mapped_column(Text)
    environment: Mapped[str | None] = mapped_column(Text)
    prompt_name: Mapped[str | None] = mapped_column(Text)
    prompt_version: Mapped[int | None]
    content_hash: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int] = mapped_column(SmallInteger)


class EventContent(Base):
    """What was asked and answered, redacted, as JSON texts. Partitioned as ``events``."""

    __tablename__ = "event_contents"
    __table_args__ = {"postgresql_partition_by": "RANGE (occurred_at)"}  # noqa: RUF012  SQLAlchemy reads a plain dict

    id: Mapped[str] = mapped_column(UUID(as_uuid=False), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), primary_key=True)
    revision: Mapped[int]
    tenant_id: Mapped[str | None] = mapped_column(Text)
    input: Mapped[str | None] = mapped_column(Text)
    output: Mapped[str | None] = mapped_column(Text)


class DeliveryRow(Base):
    """What a consumer has not got yet: see :mod:`inferspect.events.delivery`.

    ``message`` is of those that are no request. ``due_at`` is when it is tried next; who takes it moves that on, so
    that nobody else does. ``enqueued_at`` is since when it is tried, ``dead_at`` when it was given up.
    """

    __tablename__ = "deliveries"

    consumer: Mapped[str] = mapped_column(Text, primary_key=True)
    id: Mapped[str] = mapped_column(UUID(as_uuid=False), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    tenant_id: Mapped[str | None] = mapped_column(Text)
    revision: Mapped[int]
    message: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    enqueued_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    due_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    dead_at: Mapped[datetime | None] = mapped_column(TIMESTAMP(timezone=True))
    reason: Mapped[str | None] = mapped_column(Text)


class Usage(Base):
    """Tokens and cost of one request that reached a provider or the cache. Partitioned as ``events``."""

    __tablename__ = "usage"
    __table_args__ = {"postgresql_partition_by": "RANGE (occurred_at)"}  # noqa: RUF012  SQLAlchemy reads a plain dict

    id: Mapped[str] = mapped_column(UUID(as_uuid=False), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), primary_key=True)
    revision: Mapped[int]
    tenant_id: Mapped[str | None] = mapped_column(Text)
    key_hash: Mapped[str | None] = mapped_column(Text)
    user_id: Mapped[str | None] = mapped_column(Text)
    end_user: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    model_served: Mapped[str | None] = mapped_column(Text)
    provider: Mapped[str | None] = mapped_column(Text)
    deployment_id: Mapped[str | None] = mapped_column(Text)
    call_type: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(ARRAY(Text))
    result: Mapped[str] = mapped_column(Text)
    prompt_tokens: Mapped[int]
    completion_tokens: Mapped[int]
    details: Mapped[dict[str, int]] = mapped_column(JSONB)
    cost: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)


class PlaceholderVault(Base):
    """What placeholders of one response stand for, encrypted: see :mod:`guardrails.placeholders.vault`."""

    __tablename__ = "placeholder_vault"

    tenant_id: Mapped[str] = mapped_column(Text, primary_key=True)
    response_key: Mapped[bytes] = mapped_column(BYTEA, primary_key=True)
    key_version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(BYTEA)
    expires_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
