"""Alert rules and where alerts are sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from inferspect.observation.alert_rules import AlertRule, Name
from inferspect.observation.channels import ChannelSettings
from inferspect.section import Seconds, Section

Problem = tuple[tuple[int | str, ...], str, Any]


class AlertSettings(Section):
    """Alert rules and where alerts are sent. Rules, conditions and channels: [alerts](alerts.md)."""

    every: Annotated[float, Field(ge=1, le=3600)] = Field(
        default=30, description="Seconds between two evaluations of the rules."
    )
    query_timeout: Seconds = Field(default=10, le=600, description="Seconds that the query of one rule may take.")
    history_days: Annotated[int, Field(ge=1)] = Field(default=90, description="Days that ended alerts are kept.")
    rules: tuple[AlertRule, ...] = Field(default=(), description="The rules; by API further ones can be made.")
    channels: dict[Name, ChannelSettings] = Field(default={}, description="Where alerts are sent, by name.")
    default_channels: tuple[Name, ...] = Field(
        default=(), description="Channels of the rules of this list that name none; without any, nothing is sent."
    )
    tenant_channels: dict[Name, Literal["*"] | tuple[str, ...]] = Field(
        default={},
        description="Channels that rules of tenants' own may name: for each a list of ids of tenants, or `*` for all.",
    )
    max_tenant_rules: Annotated[int, Field(ge=0, le=1000)] = Field(
        default=20, description="Most rules that a tenant's administrators may make."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        """Tell each wrong name with its place, which a mere ``ValueError`` would not."""
        problems = [*self._doubled_names(), *self._unknown_channels()]
        if problems:
            raise ValidationError.from_exception_data(
                "AlertSettings",
                [
                    InitErrorDetails(type=PydanticCustomError("alerts", "{told}", {"told": told}), loc=at, input=value)
                    for at, told, value in problems
                ],
            )
        return self

    def channels_of(self, rule: AlertRule) -> tuple[str, ...]:
        """The channels of a rule of the operator's."""
        return self.default_channels if rule.channels is None else rule.channels

    def is_open_to(self, channel: str, tenant_id: str) -> bool:
        """Whether rules that the tenant made itself may use the channel."""
        tenants = self.tenant_channels.get(channel, ())
        return channel in self.channels and (tenants == "*" or tenant_id in tenants)

    def _doubled_names(self) -> Iterator[Problem]:
        seen: set[str] = set()
        for index, rule in enumerate(self.rules):
            if rule.name in seen:
                yield ("rules", index, "name"), "is the name of an earlier rule; names are unique", rule.name
            seen.add(rule.name)

    def _unknown_channels(self) -> Iterator[Problem]:
        named: list[tuple[tuple[int | str, ...], str]] = [
            (("rules", index, "channels", place), channel)
            for index, rule in enumerate(self.rules)
            for place, channel in enumerate(rule.channels or ())
        ]
        named += [(("default_channels", place), channel) for place, channel in enumerate(self.default_channels)]
        named += [(("tenant_channels", channel), channel) for channel in self.tenant_channels]
        known = ", ".join(sorted(self.channels)) or "none"
        for at, channel in named:
            if channel not in self.channels:
                yield at, f"names a channel that `alerts.channels` does not have (there are: {known})", channel
