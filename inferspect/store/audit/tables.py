"""Tables of the audit log: see :mod:`inferspect.store.audit.entry`."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Numeric, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID
from sqlalchemy.orm import Mapped, mapped_column

from inferspect.store.tables import Base


class AuditEntry(Base):
    """One entry. The database refuses to change or remove it."""

    __tablename__ = "audit_log"

    version: Mapped[int] = mapped_column(SmallInteger)
    chain: Mapped[str] = mapped_column(Text, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(Text)
    event_id: Mapped[str] = mapped_column(UUID(as_uuid=False))
    revision: Mapped[int]
    occurred_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    recorded_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    tenant_id: Mapped[str | None] = mapped_column(Text)
    tenant_alias: Mapped[str | None] = mapped_column(Text)
    key_hash: Mapped[str | None] = mapped_column(Text)
    key_alias: Mapped[str | None] = mapped_column(Text)
    user_id: Mapped[str | None] = mapped_column(Text)
    role: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    method: Mapped[str | None] = mapped_column(Text)
    route: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    model_served: Mapped[str | None] = mapped_column(Text)
    decision: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    status: Mapped[int | None] = mapped_column(SmallInteger)
    cost: Mapped[Decimal | None] = mapped_column(Numeric)
    content_hash: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB)
    previous_hash: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)
    seal: Mapped[str] = mapped_column(Text)


class AuditHead(Base):
    """The last entry of a chain; who appends locks it. ``anchored`` is the sequence that the latest anchor has."""

    __tablename__ = "audit_heads"

    chain: Mapped[str] = mapped_column(Text, primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(Text)
    anchored: Mapped[int] = mapped_column(BigInteger)
