"""Tables of reports over scores, and of baselines that they compare with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID
from sqlalchemy.orm import Mapped, mapped_column

from inferspect.store.tables import Base

TIME = TIMESTAMP(timezone=True)


class Report(Base):
    """What a suite found in a tenant's responses from ``window_start`` to before ``window_end``.

    Of a schedule there is one for each window and revision; the highest revision holds. ``status`` is ``passed``,
    ``failed``, ``empty`` where the window had no responses, or ``error`` where no report could be made.
    """

    __tablename__ = "reports"

    id: Mapped[str] = mapped_column(UUID(as_uuid=False), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(TIME)
    tenant_id: Mapped[str] = mapped_column(Text)
    suite: Mapped[str] = mapped_column(Text)
    window_start: Mapped[datetime] = mapped_column(TIME)
    window_end: Mapped[datetime] = mapped_column(TIME)
    revision: Mapped[int]
    scheduled: Mapped[bool]
    baseline: Mapped[str | None] = mapped_column(Text)
    responses: Mapped[int]
    baseline_responses: Mapped[int | None]
    status: Mapped[str] = mapped_column(Text)
    passed: Mapped[int]
    failed: Mapped[int]
    not_run: Mapped[int]
    conditions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    artefact: Mapped[str | None] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)


class ReportBaseline(Base):
    """Figures of a tenant's responses that were put aside under a name."""

    __tablename__ = "report_baselines"

    tenant_id: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(TIME)
    window_start: Mapped[datetime] = mapped_column(TIME)
    window_end: Mapped[datetime] = mapped_column(TIME)
    responses: Mapped[int]
    artefact: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
