"""How a tenant's answers are scored, and which scores are too low."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from inferspect.observation.durations import PositiveDuration
from inferspect.observation.score_names import check_name
from inferspect.tenancy.rule_types import Rules

LONGEST_WINDOW = timedelta(days=7)


class Threshold(Rules):
    """What the mean of a score should be."""

    min: float | None = Field(default=None, description="Least mean.")
    max: float | None = Field(default=None, description="Greatest mean, for scores of which lower ones are better.")
    window: Annotated[PositiveDuration, Field(le=LONGEST_WINDOW)] = Field(
        default=timedelta(hours=1), description="How far back answers count, such as `30m` or `1h`; at most `7d`."
    )
    at_least: int = Field(default=20, ge=1, description="Answers in the window below which nothing is said.")

    @model_validator(mode="after")
    def _has_a_bound(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("needs `min`, `max` or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("has a `min` above its `max`")
        return self


class QualityRules(Rules):
    """How a tenant's answers are scored, and which scores are too low."""

    enabled: bool = Field(default=True, description="Whether this tenant's answers are scored.")
    sample: float = Field(
        default=1.0, ge=0, le=1, description="Share of the answers that are scored; the others count as skipped."
    )
    models: bool = Field(
        default=False,
        description="Whether answers may be shown to the models of `quality.models`, as the guardrails left them.",
    )
    thresholds: dict[Annotated[str, AfterValidator(check_name)], Threshold] = Field(
        default_factory=dict, description="By name of the score; a mean beyond them is told as `quality.degraded`."
    )
