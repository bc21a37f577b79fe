"""Joins the observers of a process, and the extensions of a gateway's worker."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from callbacks.audit.projection import AuditProjection
from inferspect.extension import Observer, Worker
from inferspect.store.audit.anchors import anchor_at_the_end, keep_anchoring
from inferspect.store.audit.keys import audit_keys
from inferspect.store.audit.log import AuditLog
from inferspect.store.audit.pruning import TamperedError, prune
from inferspect.store.leader import lead

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.settings import LaunchSettings, Settings

log = structlog.get_logger("inferspect.audit")

PRUNE_EVERY = 3600.0


async def start(observer: Observer) -> None:
    """Have requests in the audit log, and on one process of all take anchors and remove what is too old.

    Raises:
        ValueError: there is no salt key; the process does not start.
    """
    audit = AuditLog(observer.engine, audit_keys(observer.launch))
    observer.consumers.project(AuditProjection(audit))
    if not observer.delivers:
        return
    settings = observer.settings.audit
    file = anchor_file(observer.settings, observer.launch)
    engine = observer.engine

    async def anchor() -> None:
        await keep_anchoring(engine, audit, settings.anchor_every, file)

    observer.in_background(lead(engine, "audit anchors", anchor))
    observer.in_background(anchor_at_the_end(engine, audit, file))
    if (days := settings.retention_days) is not None:

        async def retain() -> None:
            await keep_pruning(engine, audit, timedelta(days=days))

        observer.in_background(lead(engine, "audit retention", retain))


async def mount_routes(worker: Worker) -> None:
    """Add ``/api/v1/audit``."""
    from callbacks.audit.api import audit_router  # noqa: PLC0415  LiteLLM is there only inside its worker
    from inferspect.http.tenant_access import mount  # noqa: PLC0415  as above

    mount(worker.app, audit_router(worker.engine))


def anchor_file(settings: Settings, launch: LaunchSettings) -> Path:
    """The file that anchors are kept in."""
    return settings.audit.anchor_file or launch.inferspect_home / "audit" / "anchors.jsonl"


async def keep_pruning(engine: AsyncEngine, audit: AuditLog, kept_for: timedelta) -> None:
    """Remove what is too old, every hour until cancelled."""
    while True:
        try:
            if removed := await prune(engine, audit, datetime.now(UTC) - kept_for):
                log.info("old entries of the audit log were removed", entries=removed)
        except ProgrammingError as error:
            log.error(
                "entries of the audit log cannot be removed by this user of the database; have `inferspect audit "
                "prune` run as the owner of inferspect.audit_log",
                reason=type(error.orig).__name__,
            )
        except TamperedError as tampered:
            for problem in tampered.problems:
                log.error("old entries of an audit chain were not removed: it was tampered with", problem=str(problem))
        except (SQLAlchemyError, OSError) as error:
            log.warning("old entries of the audit log were not removed", reason=type(error).__name__)
        await asyncio.sleep(PRUNE_EVERY)
