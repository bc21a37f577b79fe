"""Sends to several projects at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import TYPE_CHECKING, Any

import structlog

from inferspect.events.delivery import Retry

if TYPE_CHECKING:
    from inferspect.observation.langfuse import Project

log = structlog.get_logger("inferspect.langfuse")


async def side_by_side(sending: Mapping[Project, Coroutine[Any, Any, None]]) -> dict[Project, Retry]:
    """Why it failed of which projects; what goes wrong with one keeps nothing from the others."""
    outcomes = await asyncio.gather(*sending.values(), return_exceptions=True)
    failed: dict[Project, Retry] = {}
    for project, outcome in zip(sending, outcomes, strict=True):
        if outcome is not None:
            log.error("sending to a project failed", tenant_id=project.tenant_id, exc_info=outcome)
            failed[project] = Retry(f"sending failed: {type(outcome).__name__}")
    return failed
