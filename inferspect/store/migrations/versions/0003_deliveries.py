"""Events with their trace, content, deliveries to consumers, usage."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, DOUBLE_PRECISION, JSONB, TIMESTAMP, UUID

revision = "0003"
down_revision = "0002"

SCHEMA = "inferspect"
EMPTY = {"usage": "{}", "cost_details": "{}", "parameters": "{}", "attempts": "[]"}


def upgrade() -> None:
    for name, empty in EMPTY.items():
        op.add_column(
            "events", sa.Column(name, JSONB, nullable=False, server_default=sa.text(f"'{empty}'")), schema=SCHEMA
        )
    op.add_column("events", sa.Column("seconds_to_first_token", DOUBLE_PRECISION), schema=SCHEMA)
    for name in ("trace_parent", "session_id", "trace_name", "release", "environment", "prompt_name", "content_hash"):
        op.add_column("events", sa.Column(name, sa.Text), schema=SCHEMA)
    op.add_column(
        "events", sa.Column("tags", ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")), schema=SCHEMA
    )
    op.add_column("events", sa.Column("prompt_version", sa.Integer), schema=SCHEMA)
    op.add_column(
        "events", sa.Column("version", sa.SmallInteger, nullable=False, server_default=sa.text("0")), schema=SCHEMA
    )
    op.create_table(
        "event_contents",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("occurred_at", TIMESTAMP(timezone=True), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("tenant_id", "input", "output")),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_table(
        "usage",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("occurred_at", TIMESTAMP(timezone=True), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Text) for name in ("tenant_id", "key_hash", "user_id", "end_user", "model")),
        *(sa.Column(name, sa.Text) for name in ("model_served", "provider", "deployment_id", "call_type")),
        sa.Column("tags", ARRAY(sa.Text), nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("prompt_tokens", "completion_tokens")),
        sa.Column("details", JSONB, nullable=False),
        sa.Column("cost", DOUBLE_PRECISION),
        schema=SCHEMA,
        postgresql_partition_by="RANGE (occurred_at)",
    )
    op.create_index("usage_by_tenant", "usage", ["tenant_id", "occurred_at"], schema=SCHEMA)
    op.create_table(
        "deliveries",
        sa.Column("consumer", sa.Text, primary_key=True),
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("tenant_id", sa.Text),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("message", JSONB),
        sa.Column("attempts", sa.SmallInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("enqueued_at", TIMESTAMP(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("due_at", TIMESTAMP(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.Column("dead_at", TIMESTAMP(timezone=True)),
        sa.Column("reason", sa.Text),
        schema=SCHEMA,
    )
    op.create_index(
        "deliveries_due",
        "deliveries",
        ["consumer", "due_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("dead_at IS NULL"),
    )
    op.create_index(
        "deliveries_dead", "deliveries", ["dead_at"], schema=SCHEMA, postgresql_where=sa.text("dead_at IS NOT NULL")
    )


def downgrade() -> None:
    for table in ("deliveries", "usage", "event_contents"):
        op.drop_table(table, schema=SCHEMA)
    for name in (
        *EMPTY, "seconds_to_first_token", "trace_parent", "session_id", "trace_name", "release", "environment",
        "prompt_name", "content_hash", "tags", "prompt_version", "version",
    ):  # fmt: skip
        op.drop_column("events", name, schema=SCHEMA)
