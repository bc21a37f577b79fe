"""Commands that change something are in the audit log before they do."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from inferspect.store.audit.keys import audit_keys
from inferspect.store.audit.log import AuditLog

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.settings import LaunchSettings


async def record_command(engine: AsyncEngine, launch: LaunchSettings, command: str, details: Mapping[str, Any]) -> None:
    """Record that somebody is about to run a command.

    Args:
        details: what it is told, without what it is not.

    Raises:
        ValueError: there is no salt key.
        sqlalchemy.exc.SQLAlchemyError, OSError: it is not recorded, and should not be run.
    """
    told = {name: value for name, value in details.items() if value is not None}
    audit = AuditLog(engine, audit_keys(launch))
    await audit.record_action(command, actor=user(), details=told, decision="intent")


def user() -> str:
    """Who runs the command, by the operating system."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
