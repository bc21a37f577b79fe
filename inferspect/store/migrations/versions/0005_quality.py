"""Quality scores."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB, TIMESTAMP, UUID

revision = "0005"
down_revision = "0004"

SCHEMA = "inferspect"

SCORE_VALUES = """
CREATE VIEW inferspect.score_values WITH (security_invoker = true) AS
SELECT s.id, s.occurred_at, s.tenant_id, s.model, score.key AS name, score.value::float8 AS value,
       s.labels ->> score.key AS label, NULL AS skipped, coalesce((s.versions ->> score.key)::int, 1) AS version
FROM inferspect.scores s CROSS JOIN LATERAL jsonb_each_text(s.scores) score
UNION ALL
SELECT s.id, s.occurred_at, s.tenant_id, s.model, skip.key, NULL, NULL, skip.value,
       coalesce((s.versions ->> skip.key)::int, 1)
FROM inferspect.scores s CROSS JOIN LATERAL jsonb_each_text(s.skips) skip
"""


def upgrade() -> None:
    op.create_table(
        "scores",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("occurred_at", TIMESTAMP(timezone=True), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("tenant_id", "model", "skipped")),
        *(sa.Column(name, JSONB, nullable=False) for name in ("scores", "labels", "skips", "versions")),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_index("scores_by_tenant", "scores", ["tenant_id", "occurred_at"], schema=SCHEMA)
    op.execute(SCORE_VALUES)
    op.create_table(
        "quality_states",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("score", sa.Text, primary_key=True),
        sa.Column("degraded_at", TIMESTAMP(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_table(
        "quality_events",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant_id", "kind", "score")),
        *(sa.Column(name, DOUBLE_PRECISION) for name in ("mean", "least", "most")),
        sa.Column("responses", sa.Integer, nullable=False),
        sa.Column("window_seconds", DOUBLE_PRECISION),
        schema=SCHEMA,
    )
    op.create_index("quality_events_by_tenant", "quality_events", ["tenant_id", "occurred_at"], schema=SCHEMA)
    op.create_table(
        "judge_spending",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("dollars", DOUBLE_PRECISION, nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        schema=SCHEMA,
    )


def downgrade() -> None:
    op.execute(f"DROP VIEW {SCHEMA}.score_values")
    for table in ("judge_spending", "quality_events", "quality_states", "scores"):
        op.drop_table(table, schema=SCHEMA)
