"""Reads and writes silences: what keeps alerts from being told for a time."""

from __future__ import annotations

import fnmatch
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from inferspect.store.alerts.tables import PLATFORM, SilenceRow

MOST_OF_A_TENANT = 200


@dataclass(frozen=True, slots=True)
class Silence:
    """What is to be quiet: an alert that has all of what is named here, where ``None`` stands for any.

    Attributes:
        owner: the tenant whose administrators made it, which quiets alerts of its own rules only; empty for the
            operator's, which quiets all.
        rule: name of the rule, or a shell glob over names.
        reason: for others to read.
    """

    id: str
    owner: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    author: str
    rule: str | None = None
    tenant_id: str | None = None
    severity: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)

    def quiets(self, *, owner: str, rule: str, tenant_id: str | None, severity: str, labels: Mapping[str, str]) -> bool:
        """Whether an alert has all that is named."""
        return (
            self.owner in {PLATFORM, owner}
            and (self.rule is None or fnmatch.fnmatchcase(rule, self.rule))
            and self.tenant_id in {None, tenant_id}
            and self.severity in {None, severity}
            and all(labels.get(name) == value for name, value in self.labels.items())
        )


async def silences_in_force(connection: AsyncConnection, owner: str, now: datetime) -> list[Silence]:
    """Those that have begun and not ended, and may quiet alerts of the owner's rules."""
    query = select(SilenceRow.__table__).where(
        SilenceRow.owner.in_({PLATFORM, owner}), SilenceRow.starts_at <= now, SilenceRow.ends_at > now
    )
    return [_silence(one) for one in (await connection.execute(query)).mappings()]


async def silences(connection: AsyncConnection, owner: str | None, *, ended: bool = False) -> Sequence[Silence]:
    """Silences of one owner or all, the latest first; with those that have ended where it is asked for."""
    query = select(SilenceRow.__table__).order_by(SilenceRow.created_at.desc()).limit(1000)
    if owner is not None:
        query = query.where(SilenceRow.owner == owner)
    if not ended:
        query = query.where(SilenceRow.ends_at > func.now())
    return [_silence(one) for one in (await connection.execute(query)).mappings()]


async def add_silence(connection: AsyncConnection, silence: Silence) -> bool:
    """Store a silence; whether it was: not where a tenant has as many as it may have, as each look reads them all."""
    if silence.owner != PLATFORM:
        mine = select(func.count()).where(SilenceRow.owner == silence.owner, SilenceRow.ends_at > func.now())
        if (await connection.execute(mine)).scalar_one() >= MOST_OF_A_TENANT:
            return False
    values = {name: getattr(silence, name) for name in Silence.__dataclass_fields__}
    await connection.execute(insert(SilenceRow).values(**values))
    return True


async def end_silence(connection: AsyncConnection, silence_id: str, owner: str | None) -> bool:
    """End a silence now, whether there is one of that owner (any, where ``None``) that has not ended; it is kept."""
    query = update(SilenceRow).where(SilenceRow.id == silence_id, SilenceRow.ends_at > func.now())
    if owner is not None:
        query = query.where(SilenceRow.owner == owner)
    ended = await connection.execute(query.values(ends_at=func.now()).returning(SilenceRow.id))
    return ended.first() is not None


def new_id() -> str:
    return str(uuid.uuid4())


def _silence(found: Any) -> Silence:
    return Silence(**{name: found[name] for name in Silence.__dataclass_fields__})
