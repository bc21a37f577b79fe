"""Reads and writes alerts, and what they are evaluated by: rules made by API, silences, the database's time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from inferspect.store.alerts.tables import AlertRow, AlertRuleRow, SilenceRow
from inferspect.store.tables import SCHEMA

Row = dict[str, Any]
TABLE = AlertRow.__table__
PLACE = (AlertRow.pending_since, AlertRow.id)
OPEN = or_(AlertRow.state != "resolved", AlertRow.owes_end)


def _upsert() -> Any:
    statement = insert(AlertRow)
    changing = {column.name: statement.excluded[column.name] for column in TABLE.columns if column.name != "id"}
    return statement.on_conflict_do_update(index_elements=["id"], set_=changing)


UPSERT = _upsert()


async def begin_rule(connection: AsyncConnection, owner: str, rule: str, seconds: float) -> datetime:
    """Wait until nobody else evaluates the rule, for as long as the transaction lasts.

    Args:
        seconds: that each statement of the transaction may take.

    Returns:
        The database's time; clocks of gateways differ, and jump.
    """
    lock = {"name": f"{SCHEMA}.alerts.{owner}/{rule}"}
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), lock)
    return await begin_reading(connection, seconds)  # the time after the wait, and not before it


async def begin_reading(connection: AsyncConnection, seconds: float) -> datetime:
    """As :func:`begin_rule`, where nothing is to be written."""
    most = {"most": str(round(seconds * 1000))}
    await connection.execute(text("SELECT set_config('statement_timeout', :most, true)"), most)
    return await database_time(connection)


async def database_time(connection: AsyncConnection) -> datetime:
    now: datetime = (await connection.execute(select(func.clock_timestamp()))).scalar_one()
    return now


async def open_alerts(connection: AsyncConnection, owner: str, rule: str) -> list[Row]:
    """Alerts of a rule that have not ended, or of whose end somebody is still to be told."""
    found = await connection.execute(select(TABLE).where(AlertRow.owner == owner, AlertRow.rule == rule, OPEN))
    return [_row(one) for one in found.mappings()]


async def rules_with_open_alerts(connection: AsyncConnection) -> list[tuple[str, str]]:
    """Owner and name of the rules that have open alerts, whether or not there still are such rules."""
    found = await connection.execute(select(AlertRow.owner, AlertRow.rule).where(OPEN).distinct())
    return [(owner, rule) for owner, rule in found.all()]


async def save_alerts(connection: AsyncConnection, rows: Sequence[Row]) -> None:
    if rows:
        await connection.execute(UPSERT, list(rows))


async def forget_alerts(connection: AsyncConnection, ids: Sequence[str]) -> None:
    """Remove alerts that never fired."""
    if ids:
        await connection.execute(delete(AlertRow).where(AlertRow.id.in_(ids)))


async def forget_history(connection: AsyncConnection, before: datetime) -> None:
    """Remove alerts and silences that ended before a time."""
    ended = and_(~OPEN, AlertRow.updated_at < before)
    await connection.execute(delete(AlertRow).where(ended))
    await connection.execute(delete(SilenceRow).where(SilenceRow.ends_at < before))


async def counts_by_state(connection: AsyncConnection) -> dict[tuple[str, str], int]:
    """Number of alerts that have not ended, by state and severity."""
    found = await connection.execute(
        select(AlertRow.state, AlertRow.severity, func.count())
        .where(AlertRow.state != "resolved")
        .group_by(AlertRow.state, AlertRow.severity)
    )
    return {(state, severity): count for state, severity, count in found.all()}


async def alerts(
    connection: AsyncConnection,
    *,
    tenant_id: str | None = None,
    states: Sequence[str] = (),
    rule: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> list[Row]:
    """Alerts, the last that began first: an order that looks at their rules do not change between two pages.

    Args:
        tenant_id: whose; those of all, and of the whole gateway, where it is ``None``.
        states: in which; all where there is none.
        after: ``pending_since`` and ``id`` of the last one of a page, to read on after it.
    """
    wanted: list[ColumnElement[bool]] = []
    if tenant_id is not None:
        wanted.append(AlertRow.tenant_id == tenant_id)
    if states:
        wanted.append(AlertRow.state.in_(states))
    if rule is not None:
        wanted.append(AlertRow.rule == rule)
    if after is not None:
        wanted.append(tuple_(*PLACE) < after)
    query = select(TABLE).where(*wanted).order_by(*(column.desc() for column in PLACE)).limit(limit)
    return [_row(one) for one in (await connection.execute(query)).mappings()]


async def stored_rules(connection: AsyncConnection, owner: str | None = None) -> list[Row]:
    """Rules made by API, of one owner or all."""
    query = select(AlertRuleRow.__table__).order_by(AlertRuleRow.owner, AlertRuleRow.name)
    if owner is not None:
        query = query.where(AlertRuleRow.owner == owner)
    return [dict(one) for one in (await connection.execute(query)).mappings()]


async def add_rule(
    connection: AsyncConnection, owner: str, name: str, rule: Row, author: str | None, *, most: int | None = None
) -> bool:
    """Store a new rule; whether it was: not where the owner has one of that name, or as many as it may have.

    Args:
        most: of this owner; without a bound where it is ``None``.
    """
    # Two requests at once must not both find room for the last one.
    lock = {"name": f"{SCHEMA}.alert_rules.{owner}"}
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), lock)
    if most is not None and len(await stored_rules(connection, owner)) >= most:
        return False
    stored = await connection.execute(
        insert(AlertRuleRow)
        .values(owner=owner, name=name, rule=rule, author=author)
        .on_conflict_do_nothing()
        .returning(AlertRuleRow.name)
    )
    return stored.first() is not None


async def change_rule(connection: AsyncConnection, owner: str, name: str, rule: Row, author: str | None) -> bool:
    """Replace a rule, whether there is one."""
    table = AlertRuleRow.__table__
    changed = await connection.execute(
        table.update()  # type: ignore[attr-defined]
        .where(AlertRuleRow.owner == owner, AlertRuleRow.name == name)
        .values(rule=rule, author=author, updated_at=func.now())
        .returning(AlertRuleRow.name)
    )
    return changed.first() is not None


async def drop_rule(connection: AsyncConnection, owner: str, name: str) -> bool:
    """Remove a rule, whether there was one; its alerts end when the rules are evaluated next."""
    dropped = await connection.execute(
        delete(AlertRuleRow).where(AlertRuleRow.owner == owner, AlertRuleRow.name == name).returning(AlertRuleRow.name)
    )
    return dropped.first() is not None


def _row(found: Any) -> Row:
    return {**found, "told": tuple(found["told"])}
