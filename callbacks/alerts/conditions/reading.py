"""What the queries of all conditions share: whose rows they read, of which time, and the columns that come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, Text, func, literal, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, JSONB

from inferspect.observation.alert_rules import AlertRule
from inferspect.observation.reports import ReportSettings

Column = SQLColumnExpression[Any]
EVERYONE = "default"  # the tenant of keys without a team


@dataclass(frozen=True, slots=True)
class Reading:
    """One figure of one rule.

    Attributes:
        tenant_id: whose it is; ``None`` for the whole gateway.
        labels: what tells it from other figures of the same rule and tenant.
        value: in the condition's unit; ``None`` where there was nothing to measure.
        samples: of how many requests, or whatever is counted.
    """

    tenant_id: str | None
    value: float | None
    samples: int
    tenant_alias: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Looking:
    """What a rule looks at: whose rows, and from when to when.

    Attributes:
        now: the database's time.
        reports: what is scheduled.
    """

    rule: AlertRule
    now: datetime
    reports: ReportSettings = field(default_factory=ReportSettings)

    @property
    def window(self) -> timedelta:
        """The rule's window; only for conditions that have one."""
        return self.rule.looked_at or timedelta(0)

    @property
    def since(self) -> datetime:
        return self.now - self.window

    @property
    def by_tenant(self) -> bool:
        return self.rule.scope != "global"

    def within(self, column: Column, since: datetime | None = None) -> list[ColumnElement[bool]]:
        """Rows of the window, or of a longer time; the later end is part of it. PostgreSQL reads only their days."""
        return [column > (since or self.since), column <= self.now]

    def of_tenants(self, tenant: Column) -> list[ColumnElement[bool]]:
        """Rows of those whom the rule looks at."""
        if self.rule.scope == "global":
            return []
        if self.rule.scope == "per_tenant":
            return [tenant.is_not(None)]
        return [tenant.in_(self.rule.scope)]

    def grouped(
        self,
        tenant: Column,
        value: Column,
        samples: Column,
        alias: Column | None = None,
        labels: Mapping[str, Column] | None = None,
    ) -> Select[Any]:
        """A query for the figures, by tenant where the rule says so, and by labels."""
        keys = list((labels or {}).values())
        found = row(
            tenant=tenant if self.by_tenant else sql_cast(None, Text),
            alias=func.max(alias) if self.by_tenant and alias is not None else sql_cast(None, Text),
            labels=labels,
            value=value,
            samples=samples,
        ).where(*self.of_tenants(tenant))
        groups = [tenant, *keys] if self.by_tenant else keys
        return found.group_by(*groups) if groups else found


def row(
    *,
    tenant: Column,
    value: Column,
    samples: Column,
    alias: Column | None = None,
    labels: Mapping[str, Column] | None = None,
) -> Select[Any]:
    """A query for the columns of a :class:`Reading`."""
    named = [part for name, column in (labels or {}).items() for part in (literal(name, Text), column)]
    return select(
        tenant.label("tenant_id"),
        (sql_cast(None, Text) if alias is None else alias).label("tenant_alias"),
        (func.jsonb_build_object(*named) if named else literal({}, JSONB)).label("labels"),
        sql_cast(value, DOUBLE_PRECISION).label("value"),
        samples.label("samples"),
    )


def share(part: Column, whole: Column) -> ColumnElement[Any]:
    """``part / whole``, nothing where there is no whole."""
    return sql_cast(part, DOUBLE_PRECISION) / func.nullif(whole, 0)
