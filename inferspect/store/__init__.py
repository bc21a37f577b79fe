"""InferSpect's part of the database: schema ``inferspect``, by SQLAlchemy and Alembic."""
