"""The rules in force: those of the configuration, and those made by API for the platform or by tenants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from inferspect.observation.alert_rules import AlertRule
from inferspect.observation.alerts import AlertSettings
from inferspect.store.alerts.tables import PLATFORM


class InvalidRuleError(ValueError):
    """A rule that cannot be used; the message names what is wrong with it, each with its path."""


@dataclass(frozen=True, slots=True)
class OwnedRule:
    """A rule and whose it is.

    Attributes:
        owner: id of the tenant whose administrators made it; empty for the operator's.
        configured: it is of the configuration, which no API changes.
        channels: where its alerts are sent.
    """

    owner: str
    rule: AlertRule
    channels: tuple[str, ...]
    configured: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.owner, self.rule.name


def configured_rules(settings: AlertSettings) -> list[OwnedRule]:
    return [OwnedRule(PLATFORM, rule, settings.channels_of(rule), configured=True) for rule in settings.rules]


def parse_rule(content: Any, owner: str, settings: AlertSettings) -> OwnedRule:
    """A rule as it is written by API.

    Args:
        owner: id of the tenant that makes it, or empty.

    Raises:
        InvalidRuleError: it is none, or not one that the owner may make.
    """
    try:
        rule = AlertRule.model_validate(content)
    except ValidationError as error:
        raise InvalidRuleError("; ".join(_problems(error))) from None
    if owner == PLATFORM:
        channels = settings.channels_of(rule)
        if unknown := [channel for channel in channels if channel not in settings.channels]:
            raise InvalidRuleError(f"channels: there is no channel {unknown[0]!r}")
        return OwnedRule(owner, rule, channels)
    if rule.condition.whole_gateway:
        raise InvalidRuleError(f"condition: {rule.condition.type} is of the whole gateway, not of a tenant")
    channels = rule.channels or ()
    if closed := [channel for channel in channels if not settings.is_open_to(channel, owner)]:
        raise InvalidRuleError(f"channels: {closed[0]!r} is no channel that is open to this tenant")
    return OwnedRule(owner, rule.model_copy(update={"scope": (owner,)}), channels)


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """What is to be evaluated, and why some of what is stored is not, by owner and name."""

    rules: tuple[OwnedRule, ...]
    problems: Mapping[tuple[str, str], str]


def rules_in_force(settings: AlertSettings, stored: Sequence[Mapping[str, Any]]) -> RulesInForce:
    """All rules that are enabled."""
    rules = configured_rules(settings)
    configured = {owned.key for owned in rules}
    problems = {}
    for row in stored:
        key = (row["owner"], row["name"])
        try:
            if key in configured:
                raise InvalidRuleError("the configuration has a rule of this name, which counts")
            rules.append(stored_rule(row, settings))
        except InvalidRuleError as error:
            problems[key] = str(error)
    return RulesInForce(tuple(owned for owned in rules if owned.rule.enabled), problems)


def stored_rule(row: Mapping[str, Any], settings: AlertSettings) -> OwnedRule:
    """A rule that was made by API, without channels that are gone, or closed to its owner, since.

    Raises:
        InvalidRuleError: it cannot be used; another version of the program wrote it.
    """
    owner = row["owner"]
    named = row["rule"].get("channels")
    if named is None:
        return parse_rule(row["rule"], owner, settings)
    open_ = [name for name in named if name in settings.channels and (not owner or settings.is_open_to(name, owner))]
    return parse_rule({**row["rule"], "channels": open_}, owner, settings)


def _problems(error: ValidationError) -> Iterator[str]:
    for detail in error.errors():
        path = ".".join(map(str, detail["loc"])) or "rule"
        yield f"{path}: {detail['msg'].removeprefix('Value error, ')}"
