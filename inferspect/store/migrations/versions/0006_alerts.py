"""Alerts, rules made by API, silences, and what each worker says of its spool."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION, JSONB, TIMESTAMP, UUID

revision = "0006"
down_revision = "0005"

SCHEMA = "inferspect"
TIME = TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "alert_rules",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("rule", JSONB, nullable=False),
        sa.Column("author", sa.Text),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.text("now()")),
        sa.Column("updated_at", TIME, nullable=False, server_default=sa.text("now()")),
        schema=SCHEMA,
    )
    op.create_table(
        "alerts",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("owner", "rule")),
        *(sa.Column(name, sa.Text) for name in ("tenant_id", "tenant_alias")),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("labels", JSONB, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("pending_since", TIME, nullable=False),
        sa.Column("bad_at", TIME, nullable=False),
        *(sa.Column(name, TIME) for name in ("started_at", "resolved_at", "told_at")),
        sa.Column("told", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("repeats", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("owes_end", sa.Boolean, nullable=False, server_default=sa.text("false")),
        *(sa.Column(name, DOUBLE_PRECISION) for name in ("value", "threshold")),
        *(sa.Column(name, sa.Text) for name in ("over", "runbook")),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        schema=SCHEMA,
    )
    op.create_index(
        "alerts_active",
        "alerts",
        ["fingerprint"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("state <> 'resolved'"),
    )
    op.create_index(
        "alerts_open",
        "alerts",
        ["owner", "rule"],
        schema=SCHEMA,
        postgresql_where=sa.text("state <> 'resolved' OR owes_end"),
    )
    op.create_index("alerts_by_time", "alerts", ["updated_at"], schema=SCHEMA)
    op.create_index("alerts_by_beginning", "alerts", ["pending_since", "id"], schema=SCHEMA)
    op.create_table(
        "alert_silences",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("owner", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("rule", "tenant_id", "severity")),
        sa.Column("labels", JSONB, nullable=False),
        *(sa.Column(name, TIME, nullable=False) for name in ("starts_at", "ends_at")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("reason", "author")),
        sa.Column("created_at", TIME, nullable=False, server_default=sa.text("now()")),
        schema=SCHEMA,
    )
    op.create_index("alert_silences_by_end", "alert_silences", ["ends_at"], schema=SCHEMA)
    op.create_table(
        "worker_status",
        sa.Column("worker_id", sa.Text, primary_key=True),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("spool_depth", sa.BigInteger, nullable=False),
        sa.Column("oldest_seconds", DOUBLE_PRECISION, nullable=False),
        sa.Column("updated_at", TIME, nullable=False),
        sa.Column("set_aside", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("host", sa.Text, nullable=False, server_default=sa.text("''")),
        schema=SCHEMA,
    )


def downgrade() -> None:
    for table in ("worker_status", "alert_silences", "alerts", "alert_rules"):
        op.drop_table(table, schema=SCHEMA)
