"""Figures of what the gateway leans on: providers, its spools, those that it delivers to, the schedule of reports."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Integer,
    Interval,
    Select,
    Text,
    exists,
    extract,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import JSONB

from callbacks.alerts.conditions.litellm_tables import TEAMS
from callbacks.alerts.conditions.reading import EVERYONE, Looking, row, share
from inferspect.events.desk import DATABASE
from inferspect.observation.alert_conditions import DeadLetters, ProviderDown, ReportsOverdue, SpoolAge
from inferspect.observation.reports import ANCHOR, ReportSchedule
from inferspect.store.alerts.tables import WorkerStatus
from inferspect.store.reports.tables import Report
from inferspect.store.scores.tables import Scores
from inferspect.store.tables import DeliveryRow, Event

# Statuses that are the provider's fault, or its administrator's; another status is an answer: the provider is there.
NO_ANSWER = (401, 402, 403, 404, 408, 429)
BEGIN_OF_SERVER_ERRORS = 500


def provider_down(condition: ProviderDown, looking: Looking) -> Select[Any]:
    attempt = func.jsonb_array_elements(Event.attempts, type_=JSONB).column_valued("attempt", joins_implicitly=True)
    error, status = attempt["error_class"].astext, sql_cast(attempt["error_status"].astext, Integer)
    failed = func.count().filter(
        error.is_not(None), or_(status.is_(None), status >= BEGIN_OF_SERVER_ERRORS, status.in_(NO_ANSWER))
    )
    names = ("provider",) if condition.by == "provider" else ("provider", "deployment_id")
    labels = {name.removesuffix("_id"): attempt[name].astext for name in names}
    count = func.count()
    return (
        looking.grouped(Event.tenant_id, share(failed, count), count, Event.tenant_alias, labels)
        .select_from(Event)
        .where(
            *looking.within(Event.occurred_at),
            func.jsonb_array_length(Event.attempts) > 0,
            or_(error.is_not(None), attempt["seconds"].astext.is_not(None)),  # it ended, one way or the other
            *(column.is_not(None) for column in labels.values()),
        )
    )


def spool_age(_condition: SpoolAge, looking: Looking) -> Select[Any]:
    """A worker that is heard of no longer goes on to count: its events still wait."""
    silent_for = func.greatest(extract("epoch", literal(looking.now) - WorkerStatus.updated_at), 0)
    waiting = func.max(WorkerStatus.oldest_seconds + silent_for).filter(WorkerStatus.spool_depth > 0)
    return row(tenant=sql_cast(None, Text), value=func.coalesce(waiting, 0), samples=func.count())


def dead_letters(_condition: DeadLetters, looking: Looking) -> Select[Any]:
    """Of the consumers, and what the database itself does not take, which lies beside the spools of each place."""
    count = func.count()
    letters = looking.grouped(DeliveryRow.tenant_id, count, count, labels={"consumer": DeliveryRow.consumer}).where(
        DeliveryRow.dead_at.is_not(None)
    )
    places = select(func.max(WorkerStatus.set_aside).label("events")).group_by(WorkerStatus.place).subquery()
    events = sql_cast(func.sum(places.c.events), BigInteger)
    set_aside = row(
        tenant=sql_cast(None, Text), labels={"consumer": literal(DATABASE, Text)}, value=events, samples=events
    ).having(events > 0)
    return select(*union_all(letters, set_aside).subquery().columns)


def reports_overdue(_condition: ReportsOverdue, looking: Looking) -> Select[Any]:
    """Of the suites that are scheduled now: one that is no more is not waited for."""
    waits = [_longest_wait(entry, looking) for entry in looking.reports.schedule]
    nothing = row(tenant=sql_cast(None, Text), value=literal(0), samples=literal(0)).where(false())
    return select(*union_all(nothing, *waits).subquery().columns)


def _longest_wait(entry: ReportSchedule, looking: Looking) -> Select[Any]:
    """A tenant's windows follow each other without gap, so the one after the last that was evaluated is the oldest."""
    until = func.max(Report.window_end).label("until")
    evaluated = select(Report.tenant_id, until).where(Report.scheduled, Report.suite == entry.suite)
    if entry.tenants != "*":
        evaluated = evaluated.where(Report.tenant_id.in_(entry.tenants))
    last = evaluated.group_by(Report.tenant_id).subquery()
    every = literal(entry.every, Interval)
    due = func.date_bin(every, last.c.until, ANCHOR) + every + literal(looking.reports.settle, Interval)
    waits, tenants = func.max(extract("epoch", literal(looking.now) - due)), func.count()
    labels = {"suite": literal(entry.suite, Text)}
    found = row(tenant=sql_cast(None, Text), labels=labels, value=func.greatest(waits, 0), samples=tenants)
    team = exists().where(TEAMS.c.team_id == last.c.tenant_id)
    not_evaluated = exists().where(Scores.tenant_id == last.c.tenant_id, Scores.occurred_at >= last.c.until)
    goes_on = or_(last.c.tenant_id == EVERYONE, team, not_evaluated)  # else it was deleted, and nothing is due
    return found.where(goes_on).having(tenants > 0)
