"""Alembic's entry: migrates schema ``inferspect`` over the connection that ``inferspect.store.migrate`` hands over."""

from alembic import context

from inferspect.store.tables import SCHEMA, Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    version_table_schema=SCHEMA,
    include_schemas=True,
)
with context.begin_transaction():
    context.run_migrations()
