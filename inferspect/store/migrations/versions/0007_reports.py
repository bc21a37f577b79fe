"""Reports over scores, and baselines that they compare with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

revision = "0007"
down_revision = "0006"

SCHEMA = "inferspect"
TIME = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.text("now()")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("tenant_id", "suite")),
        *(sa.Column(name, TIME, nullable=False) for name in ("window_start", "window_end")),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("scheduled", sa.Boolean, nullable=False),
        sa.Column("baseline", sa.Text),
        sa.Column("responses", sa.Integer, nullable=False),
        sa.Column("baseline_responses", sa.Integer),
        sa.Column("status", sa.Text, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("passed", "failed", "not_run")),
        sa.Column("conditions", JSONB, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("artefact", "reason")),
        schema=SCHEMA,
    )
    op.create_index(
        "reports_of_windows",
        "reports",
        ["tenant_id", "suite", "window_start", "revision"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("scheduled"),
    )
    op.create_index("reports_by_end", "reports", ["window_end"], schema=SCHEMA)
    op.create_table(
        "report_baselines",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("tenant_id", "name")),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.text("now()")),
        *(sa.Column(name, TIME, nullable=False) for name in ("window_start", "window_end")),
        sa.Column("responses", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("artefact", "sha256")),
        schema=SCHEMA,
    )


def downgrade() -> None:
    for table in ("report_baselines", "reports"):
        op.drop_table(table, schema=SCHEMA)
