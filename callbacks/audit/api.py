"""``/api/v1/audit``: a tenant's administrators read, export and verify their own chain; the platform's, all of them.

Imported only inside of LiteLLM's worker.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.audit.export import MEDIA_TYPES, Format, exported
from inferspect.http.tenant_access import DEFAULT_TENANT, Caller, administered_or_all
from inferspect.refusal import Refusal
from inferspect.store.audit.entry import ANCHORS, PLATFORM, Kind, chain_of
from inferspect.store.audit.reading import Selection, page

log = structlog.get_logger("inferspect.audit")

PATH = "/api/v1/audit"
MOST = 500
EXPORTS = 4  # at once: each has a connection for as long as its client takes to read
OF_PLATFORM = {PLATFORM, ANCHORS}


class VerifyRequest(BaseModel):
    """What to verify."""

    model_config = ConfigDict(extra="forbid")

    tenant_id: str | None = Field(default=None, description="Team id; all chains where a platform admin names none.")
    since: datetime | None = Field(default=None, description="From the first entry on that was recorded then.")


def audit_router(engine: AsyncEngine) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix=PATH, tags=["audit"])
    verifying = asyncio.Semaphore(1)
    exporting = asyncio.Semaphore(EXPORTS)

    @router.get("")
    async def entries(  # noqa: PLR0917  a parameter for each filter
        caller: Caller,
        tenant_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        kind: Kind | None = None,
        key_hash: str | None = None,
        user_id: str | None = None,
        decision: str | None = None,
        request_id: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """Entries, newest first; ``tenant_id`` may be ``platform`` or ``anchors`` for the platform's administrators."""
        selection = Selection(
            chain=await _chain(caller, tenant_id),
            since=_in_utc(since),
            until=_in_utc(until),
            kind=kind,
            key_hash=key_hash,
            user_id=user_id,
            decision=decision,
            event_id=None if request_id is None else str(request_id),
        )
        async with engine.connect() as connection:
            found = await page(connection, selection, below=_place(cursor), most=limit + 1)
        shown = found[:limit]
        return {"entries": shown, "next_cursor": _cursor(shown[-1]) if len(found) > limit else None}

    @router.get("/export")
    async def export(
        caller: Caller,
        tenant_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        format: Format = "jsonl",  # noqa: A002  the parameter's name
    ) -> StreamingResponse:
        """All entries, oldest first, as a file."""
        chain = await _chain(caller, tenant_id)
        if exporting.locked():
            raise Refusal(429, "audit_exports_running", "Too many exports are running. Try again later.")
        parts = exported(engine, format, chain=chain, since=_in_utc(since), until=_in_utc(until))
        name = {"content-disposition": f'attachment; filename="audit.{format}"'}
        return StreamingResponse(_told(parts, exporting), media_type=MEDIA_TYPES[format], headers=name)

    @router.post("/verify")
    async def verify(caller: Caller, request: VerifyRequest) -> dict[str, Any]:
        """What is wrong with the log, by a process of its own: it computes for long."""
        chain = await _chain(caller, request.tenant_id)
        if verifying.locked():
            raise Refusal(429, "audit_verification_running", "Another verification is running. Try again later.")
        async with verifying:
            return await _verified(chain, _in_utc(request.since))

    return router


async def _chain(caller: Caller, tenant_id: str | None) -> str | None:
    """The chain that the caller may read; ``None`` for all."""
    if tenant_id in OF_PLATFORM and await administered_or_all(caller, DEFAULT_TENANT):
        return tenant_id
    own = await administered_or_all(caller, tenant_id)
    return None if own is None else chain_of(own)


def _in_utc(moment: datetime | None) -> datetime | None:
    """A time without a zone is meant in UTC."""
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


async def _verified(chain: str | None, since: datetime | None) -> dict[str, Any]:
    command = [sys.executable, "-m", "inferspect", "audit", "verify", "--json"]
    command += ["--chain", chain] if chain else []
    command += ["--since", since.isoformat()] if since else []
    # It counts nothing that the gateway's workers tell Prometheus.
    environment = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
    )
    try:
        said, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    try:
        found: dict[str, Any] = json.loads(said)
    except ValueError:
        log.error("the audit log could not be verified", status=process.returncode)
        raise Refusal(500, "audit_verification_failed", "The audit log could not be verified. Try again.") from None
    return found


async def _told(parts: AsyncIterator[bytes], exporting: asyncio.Semaphore) -> AsyncIterator[bytes]:
    """An export that breaks off is broken off towards the client, too, so that it does not pass for whole."""
    try:
        async with exporting:
            async for part in parts:
                yield part
    except (SQLAlchemyError, OSError) as error:
        log.error("an export of the audit log broke off", reason=type(error).__name__)
        raise


def _cursor(entry: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([entry["chain"], entry["sequence"]]).encode()).decode()


def _place(cursor: str | None) -> tuple[str, int] | None:
    if cursor is None:
        return None
    try:
        chain, sequence = json.loads(base64.urlsafe_b64decode(cursor))
        if not isinstance(chain, str) or "\0" in chain or type(sequence) is not int or not 0 <= sequence < 2**63:
            raise ValueError(cursor)
        return chain.encode().decode(), sequence
    except (ValueError, TypeError, RecursionError):
        raise Refusal(400, "cursor_invalid", "Send `next_cursor` of the page before as it was.", "cursor") from None
