"""How a tenant's answers are scored, and which scores are too low."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, FiniteFloat, ValidationError, field_validator, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from inferspect.observation.durations import PositiveDuration
from inferspect.observation.score_names import Range, check_name, range_of
from inferspect.tenancy.rule_types import Rules

LONGEST_WINDOW = timedelta(days=7)


class Threshold(Rules):
    """What the mean of a score should be."""

    min: FiniteFloat | None = Field(default=None, description="Least mean.")
    max: FiniteFloat | None = Field(
        default=None, description="Greatest mean, for scores of which lower ones are better."
    )
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

    @field_validator("thresholds", mode="after")
    @classmethod
    def _within_their_ranges(cls, thresholds: dict[str, Threshold]) -> dict[str, Threshold]:
        """Tell each bound that no mean can reach with its place, which a mere ``ValueError`` would not."""
        wrong = [
            InitErrorDetails(type=_beyond(name), loc=(name, bound), input=value)
            for name, threshold in thresholds.items()
            for bound, value in (("min", threshold.min), ("max", threshold.max))
            if value is not None and not _is_within(value, range_of(name))
        ]
        if wrong:
            raise ValidationError.from_exception_data("QualityRules", wrong)
        return thresholds


def _is_within(value: float, span: Range) -> bool:
    low, high = span
    return low <= value and (high is None or value <= high)


def _beyond(name: str) -> PydanticCustomError:
    low, high = range_of(name)
    span = f"{low:g} or more" if high is None else f"{low:g} to {high:g}"
    return PydanticCustomError(
        "beyond_range", "is beyond what the score {name} can be, {span}", {"name": name, "span": span}
    )
