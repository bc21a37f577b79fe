"""Figures of money and limits: cost against its average, LiteLLM's budgets and its limits by the minute."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Select,
    case,
    extract,
    func,
    literal,
    literal_column,
    or_,
    select,
)

from callbacks.alerts.conditions.litellm_tables import BUDGETS, KEYS, TEAMS
from callbacks.alerts.conditions.reading import EVERYONE, Column, Looking, row, share
from inferspect.observation.alert_conditions import Budget, Cost, Quota
from inferspect.store.tables import Event, Usage

OF_THE_ADMIN_UI = "litellm-dashboard"  # team of the keys that LiteLLM's admin UI makes for its sessions
DAY = timedelta(days=1)
SHOWN = 8  # characters of a key's hash, where it has no alias


def cost(condition: Cost, looking: Looking) -> Select[Any]:
    begin = looking.since - condition.average_days * DAY
    in_window = Usage.occurred_at > looking.since
    now_cost = func.coalesce(func.sum(Usage.cost).filter(in_window), 0)
    before = func.sum(Usage.cost).filter(Usage.occurred_at <= looking.since)
    # A tenant that came three days ago has an average of three days, and one of today has none.
    since_first = extract("epoch", literal(looking.since) - func.min(Usage.occurred_at)) / DAY.total_seconds()
    average = before / func.least(condition.average_days, func.greatest(1, since_first)) * (looking.window / DAY)
    enough = case((now_cost > condition.min_cost, func.count().filter(in_window)), else_=0)
    return looking.grouped(Usage.tenant_id, share(now_cost, average), enough).where(
        *looking.within(Usage.occurred_at, begin)
    )


def budget(condition: Budget, looking: Looking) -> Select[Any]:
    return _keys(looking) if condition.of == "keys" else _teams(looking)


def _teams(looking: Looking) -> Select[Any]:
    spent = TEAMS.c.spend / TEAMS.c.max_budget
    return row(tenant=TEAMS.c.team_id, alias=TEAMS.c.team_alias, value=spent, samples=literal_column("1")).where(
        TEAMS.c.max_budget > 0, *looking.of_tenants(TEAMS.c.team_id)
    )


def _keys(looking: Looking) -> Select[Any]:
    tenant = func.coalesce(KEYS.c.team_id, EVERYONE)
    limit = func.coalesce(KEYS.c.max_budget, BUDGETS.c.max_budget)
    name = func.coalesce(KEYS.c.key_alias, func.left(KEYS.c.token, SHOWN))
    found = row(
        tenant=tenant,
        alias=TEAMS.c.team_alias,
        labels={"key": name},
        value=KEYS.c.spend / limit,
        samples=literal_column("1"),
    )
    return found.select_from(
        KEYS.outerjoin(BUDGETS, BUDGETS.c.budget_id == KEYS.c.budget_id).outerjoin(
            TEAMS, TEAMS.c.team_id == KEYS.c.team_id
        )
    ).where(
        limit > 0,
        or_(KEYS.c.expires.is_(None), KEYS.c.expires > func.timezone("UTC", looking.now)),
        tenant != OF_THE_ADMIN_UI,
        *looking.of_tenants(tenant),
    )


def quota(_condition: Quota, looking: Looking) -> Select[Any]:
    used = (
        select(
            Event.tenant_id,
            func.count().label("requests"),
            func.coalesce(func.sum(Event.total_tokens), 0).label("tokens"),
        )
        .where(*looking.within(Event.occurred_at), *looking.of_tenants(Event.tenant_id))
        .group_by(Event.tenant_id)
        .subquery()
    )
    minutes = looking.window / timedelta(minutes=1)

    def part(spent: Column, limit: Column) -> Column:
        return share(spent, limit * minutes)

    most = func.greatest(part(used.c.requests, TEAMS.c.rpm_limit), part(used.c.tokens, TEAMS.c.tpm_limit))
    return (
        row(tenant=TEAMS.c.team_id, alias=TEAMS.c.team_alias, value=most, samples=used.c.requests)
        .select_from(used.join(TEAMS, TEAMS.c.team_id == used.c.tenant_id))
        .where(or_(TEAMS.c.rpm_limit > 0, TEAMS.c.tpm_limit > 0))
    )
