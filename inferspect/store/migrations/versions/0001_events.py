"""The event of every request, partitioned by day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB, TIMESTAMP, UUID

revision = "0001"
down_revision = None

SCHEMA = "inferspect"


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("occurred_at", TIMESTAMP(timezone=True), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        *(
            sa.Column(name, sa.Text)
            for name in ("tenant_id", "tenant_alias", "key_hash", "key_alias", "user_id", "end_user")
        ),
        sa.Column("client_address", sa.Text, nullable=False),
        sa.Column("client_request_id", sa.Text),
        sa.Column("method", sa.Text, nullable=False),
        sa.Column("route", sa.Text, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("call_type", "model", "model_served", "provider", "deployment_id")),
        sa.Column("stream", sa.Boolean, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("code", sa.Text),
        sa.Column("error_class", sa.Text),
        *(sa.Column(name, sa.Integer) for name in ("prompt_tokens", "completion_tokens", "total_tokens")),
        sa.Column("cost", DOUBLE_PRECISION),
        sa.Column("finish_reason", sa.Text),
        sa.Column("seconds_to_response", DOUBLE_PRECISION),
        sa.Column("seconds_total", DOUBLE_PRECISION),
        sa.Column("verdicts", JSONB, nullable=False),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_index("events_by_tenant", "events", ["tenant_id", "occurred_at"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_table("events", schema=SCHEMA)
