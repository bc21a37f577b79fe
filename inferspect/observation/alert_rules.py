"""Alert rules, the same model for those of the configuration and those made by API."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationInfo, field_validator, model_validator

from inferspect.observation.alert_conditions import AnyCondition
from inferspect.observation.durations import Duration, PositiveDuration, between, duration_text
from inferspect.section import Section

NAME = r"^[a-z0-9][a-z0-9_-]{0,62}$"
Name = Annotated[str, Field(pattern=NAME)]
Severity = Literal["info", "warning", "critical"]
Label = Annotated[str, Field(min_length=1, max_length=200)]
LabelName = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]{0,62}$")]
SHORTEST_REPEAT = timedelta(minutes=1)


class AlertRule(Section):
    """When somebody is told of what.

    A rule watches one figure, of the whole gateway or of each tenant by itself. An alert begins to fire when the
    figure was bad at each look for as long as `for` says, and ends when it was good for `keep_firing_for`.
    """

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True, serialize_by_alias=True)

    name: Name = Field(description="Unique; lower case letters, digits, `-` and `_`.")
    enabled: bool = Field(default=True, description="Whether it is evaluated.")
    condition: AnyCondition = Field(description="What is watched, by its `type`, with its limit.")
    window: PositiveDuration | None = Field(
        default=None, description="The time looked at, up to now; each condition has a default."
    )
    hold: Duration = Field(
        default=timedelta(0), alias="for", description="How long the figure must be bad before the alert fires."
    )
    keep_firing_for: Duration = Field(
        default=timedelta(minutes=1), description="How long it must be good before the alert ends."
    )
    severity: Severity = Field(default="warning", description="How bad it is; channels choose by it.")
    scope: Literal["global", "per_tenant"] | Annotated[tuple[Label, ...], Field(min_length=1, max_length=1000)] = Field(
        default="global", description="`global`, `per_tenant`, or a list of ids of tenants, each looked at by itself."
    )
    min_requests: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = Field(
        default=None, description="Fewer requests than this are no alert; each condition has a default."
    )
    channels: tuple[Name, ...] | None = Field(
        default=None, description="Names of channels; where unset `alerts.default_channels`."
    )
    repeat_every: Annotated[Duration, between(SHORTEST_REPEAT)] | None = Field(
        default=None, description="Tell again of an alert that still fires; never, where unset."
    )
    every: PositiveDuration | None = Field(
        default=None, description="How often it is evaluated, where that is less often than `alerts.every`."
    )
    runbook: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="Page that says what to do: a URL, or a path in the documentation."
    )
    labels: Annotated[dict[LabelName, Label], Field(max_length=20)] = Field(
        default={}, description="Told with each notification, and to silence by."
    )

    @field_validator("scope", mode="before")
    @classmethod
    def _known_scope(cls, value: Any) -> Any:
        if isinstance(value, str) and value not in {"global", "per_tenant"}:
            raise ValueError("must be global, per_tenant, or a list of ids of tenants")
        return value

    @field_validator("window", mode="after")
    @classmethod
    def _fitting_window(cls, value: timedelta | None, info: ValidationInfo) -> timedelta | None:
        condition = info.data.get("condition")
        if condition is None or value is None:
            return value
        if condition.window is None:
            raise ValueError(f"a condition of type {condition.type} is of the moment and has no window")
        if value > condition.longest_window:
            raise ValueError(
                f"a condition of type {condition.type} looks at {duration_text(condition.longest_window)} at most"
            )
        return value

    @model_validator(mode="after")
    def _scope_of_figure(self) -> Self:
        if self.condition.whole_gateway and self.scope != "global":
            raise ValueError(f"scope: a condition of type {self.condition.type} is of the whole gateway")
        return self

    @property
    def looked_at(self) -> timedelta | None:
        """The window in force; ``None`` where the figure is of the moment."""
        return self.window or self.condition.window

    @property
    def fewest(self) -> int:
        """The least number of requests in force."""
        return self.min_requests or self.condition.min_requests
