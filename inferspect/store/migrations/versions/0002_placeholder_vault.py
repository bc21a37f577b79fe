"""Encrypted placeholders of responses whose history the provider keeps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA, TIMESTAMP

revision = "0002"
down_revision = "0001"

SCHEMA = "inferspect"


def upgrade() -> None:
    op.create_table(
        "placeholder_vault",
        sa.Column("tenant_id", sa.Text, primary_key=True),
        sa.Column("response_key", BYTEA, primary_key=True),
        sa.Column("key_version", sa.Integer, nullable=False),
        sa.Column("sealed", BYTEA, nullable=False),
        sa.Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
        schema=SCHEMA,
    )
    op.create_index("placeholder_vault_by_expiry", "placeholder_vault", ["expires_at"], schema=SCHEMA)


def downgrade() -> None:
    op.drop_table("placeholder_vault", schema=SCHEMA)
