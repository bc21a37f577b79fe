"""What the routes of alerts do: one object a worker, set up at its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from callbacks.alerts.conditions.reading import Reading
from callbacks.alerts.course import is_bad
from callbacks.alerts.evaluation import reason_of, try_out
from callbacks.alerts.rules import InvalidRuleError, OwnedRule, configured_rules, parse_rule, stored_rule
from inferspect.observation.alerts import AlertSettings
from inferspect.observation.durations import duration_text
from inferspect.observation.reports import ReportSettings
from inferspect.store.alerts import alerts as store
from inferspect.store.alerts.tables import PLATFORM
from inferspect.store.deliveries.outbox import Outbox

Json = dict[str, Any]
MOST_SHOWN = 20


class RuleExistsError(Exception):
    """There is a rule of this name."""


class TooManyRulesError(Exception):
    """The tenant has as many rules as it may have."""


class ReadOnlyRuleError(Exception):
    """The rule is of the configuration."""


@dataclass(frozen=True, slots=True)
class AlertService:
    """Alerts and their rules, as those who may ask see them.

    ``owner`` is the id of a tenant, empty for the platform.
    """

    engine: AsyncEngine
    outbox: Outbox
    settings: AlertSettings
    reports: ReportSettings = field(default_factory=ReportSettings)

    async def alerts(self, **wanted: Any) -> list[Json]:
        """Alerts as :func:`inferspect.store.alerts.alerts.alerts` finds them."""
        async with self.engine.connect() as connection:
            return [_alert_json(row) for row in await store.alerts(connection, **wanted)]

    async def rules(self, owner: str | None) -> list[Json]:
        """Rules of one owner; of all, those of the configuration first, where it is ``None``."""
        async with self.engine.connect() as connection:
            stored = await store.stored_rules(connection, owner)
        own = configured_rules(self.settings) if owner in {None, PLATFORM} else []
        return [_configured_json(one) for one in own] + [self._stored_json(row) for row in stored]

    async def rule(self, owner: str, name: str) -> Json | None:
        """One rule."""
        return next((rule for rule in await self.rules(owner) if rule["name"] == name), None)

    async def add_rule(self, owner: str, content: Any, author: str) -> Json:
        """Make a rule.

        Raises:
            InvalidRuleError, RuleExistsError, TooManyRulesError: it was not made.
        """
        rule = parse_rule(content, owner, self.settings).rule
        if owner == PLATFORM and self._is_configured(rule.name):
            raise RuleExistsError
        most = None if owner == PLATFORM else self.settings.max_tenant_rules
        async with self.engine.begin() as connection:
            known = await store.stored_rules(connection, owner)
            if any(row["name"] == rule.name for row in known):
                raise RuleExistsError
            if not await store.add_rule(connection, owner, rule.name, _stored(rule), author, most=most):
                raise TooManyRulesError
        return await self.rule(owner, rule.name) or {}

    async def change_rule(self, owner: str, name: str, content: Any, author: str) -> Json | None:
        """Replace a rule; ``None`` where there is none.

        Raises:
            InvalidRuleError, ReadOnlyRuleError: it was not changed.
        """
        self._refuse_configured(owner, name)
        given = {"name": name, **content} if isinstance(content, Mapping) else content
        rule = parse_rule(given, owner, self.settings).rule
        if rule.name != name:
            raise InvalidRuleError(f"name: must be {name!r}; a rule is not renamed, as its alerts go by its name")
        async with self.engine.begin() as connection:
            if not await store.change_rule(connection, owner, name, _stored(rule), author):
                return None
        return await self.rule(owner, name)

    async def drop_rule(self, owner: str, name: str) -> bool:
        """Remove a rule, whether there was one.

        Raises:
            ReadOnlyRuleError: it was not removed.
        """
        self._refuse_configured(owner, name)
        async with self.engine.begin() as connection:
            return await store.drop_rule(connection, owner, name)

    async def evaluate(self, owner: str | None) -> list[Json]:
        """Figures of all rules of an owner, or of all, as they are now; nothing follows from it."""
        async with self.engine.connect() as connection:
            stored = await store.stored_rules(connection, owner)
        rules = configured_rules(self.settings) if owner in {None, PLATFORM} else []
        shown = []
        for row in stored:
            try:
                rules.append(stored_rule(row, self.settings))
            except InvalidRuleError as error:
                shown.append({"name": row["name"], "tenant_id": row["owner"] or None, "error": str(error)})
        return [*[await self._evaluated(owned) for owned in rules], *shown]

    async def _evaluated(self, owned: OwnedRule) -> Json:
        rule = owned.rule
        shown: Json = {
            "name": rule.name,
            "tenant_id": owned.owner or None,
            "condition": rule.condition.type,
            "enabled": rule.enabled,
            "threshold": rule.condition.threshold,
            "unit": rule.condition.unit,
            "window": duration_text(rule.looked_at) if rule.looked_at else None,
            "min_requests": rule.fewest,
        }
        try:
            measured = await try_out(self.engine, self.settings, owned, self.reports)
        except SQLAlchemyError as error:
            return {**shown, "error": reason_of(error)}
        figures = [_figure_json(owned, reading) for reading in measured.readings[:MOST_SHOWN]]
        return {**shown, "figures": figures, "more": max(0, len(measured.readings) - MOST_SHOWN)}

    def _is_configured(self, name: str) -> bool:
        return any(rule.name == name for rule in self.settings.rules)

    def _refuse_configured(self, owner: str, name: str) -> None:
        if owner == PLATFORM and self._is_configured(name):
            raise ReadOnlyRuleError

    def _stored_json(self, row: store.Row) -> Json:
        """A rule as it counts; as it was written, with what is wrong, where it cannot be used."""
        beside = {"author": row["author"], "updated_at": row["updated_at"]}
        try:
            return {**_rule_json(stored_rule(row, self.settings)), **beside}
        except InvalidRuleError as error:
            return {**row["rule"], "source": "api", "tenant_id": row["owner"] or None, "error": str(error), **beside}


def _stored(rule: Any) -> Json:
    """What was given, and no defaults: a later version may have better ones."""
    content: Json = rule.model_dump(mode="json", exclude_unset=True)
    return content


def _configured_json(owned: OwnedRule) -> Json:
    return {**_rule_json(owned), "source": "configuration"}


def _rule_json(owned: OwnedRule) -> Json:
    content: Json = owned.rule.model_dump(mode="json")
    return {**content, "channels": list(owned.channels), "source": "api", "tenant_id": owned.owner or None}


def _figure_json(owned: OwnedRule, reading: Reading) -> Json:
    return {
        "tenant_id": reading.tenant_id,
        "tenant_alias": reading.tenant_alias,
        "labels": dict(reading.labels),
        "value": reading.value,
        "samples": reading.samples,
        "bad": is_bad(owned, reading),
    }


def _alert_json(row: store.Row) -> Json:
    times: dict[str, datetime | None] = {
        name: row[name] for name in ("pending_since", "started_at", "resolved_at", "updated_at")
    }
    return {
        "id": row["id"],
        "state": row["state"],
        "rule": row["rule"],
        "rule_of": row["owner"] or None,
        "severity": row["severity"],
        "tenant_id": row["tenant_id"],
        "tenant_alias": row["tenant_alias"],
        "summary": row["summary"],
        "value": row["value"],
        "threshold": row["threshold"],
        "window": row["over"],
        "labels": row["labels"],
        "runbook": row["runbook"],
        "told": list(row["told"]),
        **times,
    }


_installed: list[AlertService] = []


def install(service: AlertService) -> None:
    """Make ``service`` this worker's."""
    _installed[:] = [service]


def service() -> AlertService:
    """This worker's.

    Raises:
        RuntimeError: the extension was not started.
    """
    if not _installed:
        raise RuntimeError("the routes of alerts were not set up: callbacks.alerts.extension did not run")
    return _installed[0]
