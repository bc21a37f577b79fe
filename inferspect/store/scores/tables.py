"""Tables of quality scores: what each answer got, and when a tenant's scores were too low."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Text
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB, TIMESTAMP, UUID
from sqlalchemy.orm import Mapped, mapped_column

from inferspect.store.tables import Base


class Scores(Base):
    """One response and all its scores. Partitioned as ``events``.

    Each scorer has its name in ``scores`` or in ``skips``.
    ``skipped`` is why the whole response was not scored. ``labels`` says more about some scores, such as which
    language; ``versions`` has the versions of scorers that are not 1. The view ``score_values`` has a row a score.
    """

    __tablename__ = "scores"
    __table_args__ = {"postgresql_partition_by": "RANGE (occurred_at)"}  # noqa: RUF012  SQLAlchemy reads a plain dict

    id: Mapped[str] = mapped_column(UUID(as_uuid=False), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True), primary_key=True)
    revision: Mapped[int]
    tenant_id: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    skipped: Mapped[str | None] = mapped_column(Text)
    scores: Mapped[dict[str, float]] = mapped_column(JSONB)
    labels: Mapped[dict[str, str]] = mapped_column(JSONB)
    skips: Mapped[dict[str, str]] = mapped_column(JSONB)
    versions: Mapped[dict[str, int]] = mapped_column(JSONB)


class QualityState(Base):
    """A score of a tenant that is beyond its threshold, for as long as it is."""

    __tablename__ = "quality_states"

    tenant_id: Mapped[str] = mapped_column(Text, primary_key=True)
    score: Mapped[str] = mapped_column(Text, primary_key=True)
    degraded_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))


class QualityEvent(Base):
    """A score of a tenant went beyond its threshold (``quality.degraded``) or came back (``quality.recovered``).

    Of reports: a condition failed (``report.failed``), ``score`` is its column or its name and ``mean`` its figure; or
    none could be made (``report.error``), ``score`` is the suite.
    """

    __tablename__ = "quality_events"

    id: Mapped[str] = mapped_column(UUID(as_uuid=False), primary_key=True)
    occurred_at: Mapped[datetime] = mapped_column(TIMESTAMP(timezone=True))
    tenant_id: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    score: Mapped[str] = mapped_column(Text)
    mean: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    least: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    most: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)
    responses: Mapped[int]
    window_seconds: Mapped[float | None] = mapped_column(DOUBLE_PRECISION)


class JudgeSpending(Base):
    """What the quality scores' own calls to models cost on one UTC day, in US dollars, all processes together."""

    __tablename__ = "judge_spending"

    day: Mapped[date] = mapped_column(primary_key=True)
    dollars: Mapped[float] = mapped_column(DOUBLE_PRECISION)
    calls: Mapped[int]
