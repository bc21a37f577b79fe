"""What the command line tells of a migration, without what migrations need: Alembic takes a second to import."""

from __future__ import annotations


class MigrationError(Exception):
    """Why schema ``inferspect`` could not be brought up to date; holds no password."""
