"""The audit log: entries in chains, the head of each chain, and a trigger that refuses every change of an entry."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, UUID

revision = "0004"
down_revision = "0003"

SCHEMA = "inferspect"


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("version", sa.SmallInteger, nullable=False),
        sa.Column("chain", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("event_id", UUID(as_uuid=False), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
        *(sa.Column(name, sa.Text) for name in ("tenant_id", "tenant_alias", "key_hash", "key_alias", "user_id")),
        *(sa.Column(name, sa.Text) for name in ("role", "address", "method", "route", "model", "model_served")),
        *(sa.Column(name, sa.Text) for name in ("decision", "reason")),
        sa.Column("status", sa.SmallInteger),
        sa.Column("cost", sa.Numeric),
        sa.Column("content_hash", sa.Text),
        sa.Column("details", JSONB, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("previous_hash", "hash", "seal")),
        schema=SCHEMA,
    )
    # A request has one entry, whichever chain it is in.
    op.create_index(
        "audit_log_by_request",
        "audit_log",
        ["event_id"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("kind = 'request'"),
    )
    op.create_index("audit_log_by_event", "audit_log", ["event_id", "revision"], schema=SCHEMA)
    op.create_index("audit_log_by_time", "audit_log", ["chain", "occurred_at"], schema=SCHEMA)
    op.create_index("audit_log_by_recording", "audit_log", ["chain", "recorded_at"], schema=SCHEMA)
    op.create_table(
        "audit_heads",
        sa.Column("chain", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("anchored", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        schema=SCHEMA,
    )
    op.execute(
        f"""
        CREATE FUNCTION {SCHEMA}.audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'entries of the audit log are never changed or removed (% on %)', TG_OP, TG_TABLE_NAME
                USING ERRCODE = 'insufficient_privilege';
        END
        $$
        """
    )
    # For each statement, so that one that meets no row is refused, too.
    op.execute(
        f"CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.audit_log"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.audit_refuse()"
    )
    # `session_replication_role` does not switch it off.
    op.execute(f"ALTER TABLE {SCHEMA}.audit_log ENABLE ALWAYS TRIGGER audit_append_only")
    op.execute(f"REVOKE ALL ON {SCHEMA}.audit_log, {SCHEMA}.audit_heads FROM PUBLIC")


def downgrade() -> None:
    op.drop_table("audit_heads", schema=SCHEMA)
    op.drop_table("audit_log", schema=SCHEMA)
    op.execute(f"DROP FUNCTION {SCHEMA}.audit_refuse()")
