"""The tables of alerts: rules made by API, alerts and their history, silences, and what waits in the spools."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION, JSONB, TIMESTAMP, UUID
from sqlalchemy.orm import Mapped, mapped_column

from inferspect.store.tables import Base

TIME = TIMESTAMP(timezone=True)
PLATFORM = ""  # owner of what is the operator's; all else is owned by a tenant


class AlertRuleRow(Base):
    """A rule that was made by API. ``owner`` is the id of the tenant whose administrators made it, or empty."""

    __tablename__ = "alert_rules"

    owner: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    rule: Mapped[dict[str, Any]] = mapped_column(JSONB)
    author: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(TIME)
    updated_at: Mapped[datetime] = mapped_column(TIME)


class AlertRow(Base):
    """One alert from its first bad figure to its end, and after that its record.

    At most one of a fingerprint (rule, tenant and labels) has not ended. ``bad_at`` is when the figure was last bad;
    ``told`` are the channels that know of it, since ``told_at``; ``owes_end`` says that it ended while it was
    silenced, so that they are still to be told.
    """

    __tablename__ = "alerts"

    id: Mapped[str] = mapped_column(UUID(as_uuid=False), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(Text)
    rule: Mapped[str] = mapped_column(Text)
    tenant_id: Mapped[str | None] = mapped_column(Text)
    tenant_alias: Mapped[str | None] = mapped_column(Text)
    severity: Mapped[str] = mapped_column(Text)
    labels: Mapped[dict[str, str]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Text)
    pending_since: Mapped[datetime] = mapped_column(TIME)
    bad_at: Mapped[datetime] = mapped_column(TIME)
    started_at: Mapped[datetime | None] = mapped_column(TIME)
    resolved_at: Mapped[datetime | None] = mapped_column(TIME)
    told_at: Mapped[datetime | None] = mapped_column(TIME)
    told: Mapped[list[str]] = mapped_column(ARRAY(Text))
    repeats: Mapped[int]
    owes_end: Mapped[bool]
    value: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    threshold: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    over: Mapped[str | None] = mapped_column(Text)
    runbook: Mapped[str | None] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime] = mapped_column(TIME)


class SilenceRow(Base):
    """Keeps alerts quiet that match all it names; ``owner`` as for rules, whose alerts alone it can keep quiet."""

    __tablename__ = "alert_silences"

    id: Mapped[str] = mapped_column(UUID(as_uuid=False), primary_key=True)
    owner: Mapped[str] = mapped_column(Text)
    rule: Mapped[str | None] = mapped_column(Text)
    tenant_id: Mapped[str | None] = mapped_column(Text)
    severity: Mapped[str | None] = mapped_column(Text)
    labels: Mapped[dict[str, str]] = mapped_column(JSONB)
    starts_at: Mapped[datetime] = mapped_column(TIME)
    ends_at: Mapped[datetime] = mapped_column(TIME)
    reason: Mapped[str] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(TIME)


class WorkerStatus(Base):
    """What waits in one spool, as of ``updated_at``.

    ``place`` is the id of the folder it lies in, ``host`` where that was last, for a person to find, and ``set_aside``
    the number of events in it that the database does not take.
    """

    __tablename__ = "worker_status"

    worker_id: Mapped[str] = mapped_column(Text, primary_key=True)
    place: Mapped[str] = mapped_column(Text)
    spool_depth: Mapped[int] = mapped_column(BigInteger)
    oldest_seconds: Mapped[float] = mapped_column(DOUBLE_PRECISION)
    updated_at: Mapped[datetime] = mapped_column(TIME)
    set_aside: Mapped[int] = mapped_column(BigInteger)
    host: Mapped[str] = mapped_column(Text)
