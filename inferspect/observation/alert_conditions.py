"""What an alert rule may watch: one model for each kind of figure, told apart by ``type``.

A condition says which figure is watched and from where on it is too high or too low; how the figure is got from the
database is in ``callbacks/alerts/conditions``.
"""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from inferspect.observation.durations import Duration, PositiveDuration, Ratio, between, parse_ratio
from inferspect.observation.score_names import check_name, range_of
from inferspect.section import Section

Unit = Literal["ratio", "seconds", "times", "count", "score"]
BAD_ABOVE = "Figures above it are bad."
BAD_BELOW = "Figures below it are bad."
DAY = timedelta(days=1)


class Condition(Section):
    """What all conditions have.

    Attributes:
        figure: what is watched, as the beginning of a sentence.
        unit: of the figure.
        window: the time looked at where the rule does not say; ``None`` where the figure is of the moment.
        longest_window: bounds how much a query reads.
        min_requests: fewest requests, or whatever is counted, of which a figure is worth an alert.
        whole_gateway: the figure belongs to no tenant, so no tenant may watch it.
    """

    model_config = ConfigDict(allow_inf_nan=False)  # a limit that nothing is beyond would never be told

    figure: ClassVar[str]
    unit: ClassVar[Unit]
    window: ClassVar[timedelta | None] = timedelta(minutes=5)
    longest_window: ClassVar[timedelta] = DAY
    min_requests: ClassVar[int] = 1
    whole_gateway: ClassVar[bool] = False

    @property
    def threshold(self) -> float:
        """The limit, in the figure's unit."""
        above: float | timedelta = self.above if hasattr(self, "above") else self.below  # type: ignore[attr-defined]
        return above.total_seconds() if isinstance(above, timedelta) else float(above)

    @property
    def too_low(self) -> bool:
        """Whether figures under the limit are the bad ones."""
        return hasattr(self, "below")

    def is_breached_by(self, figure: float) -> bool:
        """A figure that equals the limit is still good."""
        return figure < self.threshold if self.too_low else figure > self.threshold


class ErrorRate(Condition):
    """Share of requests that failed: by a status of 500 or above, 408, 429, or in the middle of a stream.

    Requests that a rule or guardrail refused are left out, and those whose outcome is not known yet.
    """

    figure: ClassVar[str] = "Error rate"
    unit: ClassVar[Unit] = "ratio"
    min_requests: ClassVar[int] = 20

    type: Literal["error_rate"] = Field(description="Kind of condition.")
    above: Ratio = Field(default=0.05, description=BAD_ABOVE)
    client_errors: bool = Field(default=False, description="Count other statuses of 400 to 499, too.")


class Latency(Condition):
    """A percentile of the seconds that successful answers took; those from the cache are left out."""

    figure: ClassVar[str] = "Latency"
    unit: ClassVar[Unit] = "seconds"
    window: ClassVar[timedelta | None] = timedelta(minutes=10)
    min_requests: ClassVar[int] = 20

    type: Literal["latency"] = Field(description="Kind of condition.")
    above: PositiveDuration = Field(default=timedelta(seconds=5), description=BAD_ABOVE)
    percentile: float = Field(default=95, gt=0, lt=100, description="Which one.")
    of: Literal["total", "first_byte", "first_token"] = Field(
        default="total", description="Until the last byte of the answer, its first, or the first token of a stream."
    )


class CacheHitRate(Condition):
    """Share of good answers that came from the cache, where the cache was of use within ``used_within``."""

    figure: ClassVar[str] = "Cache hit rate"
    unit: ClassVar[Unit] = "ratio"
    window: ClassVar[timedelta | None] = timedelta(hours=1)
    min_requests: ClassVar[int] = 50

    type: Literal["cache_hit_rate"] = Field(description="Kind of condition.")
    below: Ratio = Field(default=0.3, description=BAD_BELOW)
    used_within: Annotated[Duration, between(timedelta(minutes=1), timedelta(days=7))] = Field(
        default=DAY, description="Tenants without a single answer from the cache in this time are left out."
    )


class Quota(Condition):
    """Share of a team's requests or tokens a minute, LiteLLM's ``rpm_limit`` and ``tpm_limit``, that it uses."""

    figure: ClassVar[str] = "Quota used"
    unit: ClassVar[Unit] = "ratio"

    type: Literal["quota"] = Field(description="Kind of condition.")
    above: Ratio = Field(default=0.9, description=BAD_ABOVE)


class Budget(Condition):
    """Share of LiteLLM's ``max_budget`` that a team or a key has spent."""

    figure: ClassVar[str] = "Budget spent"
    unit: ClassVar[Unit] = "ratio"
    window: ClassVar[timedelta | None] = None

    type: Literal["budget"] = Field(description="Kind of condition.")
    above: Annotated[float, BeforeValidator(parse_ratio)] = Field(default=0.9, ge=0, le=10, description=BAD_ABOVE)
    of: Literal["teams", "keys"] = Field(default="teams", description="Whose budget.")


class Cost(Condition):
    """Cost within the window against what the same time costs on average over the days before it."""

    figure: ClassVar[str] = "Cost against its average"
    unit: ClassVar[Unit] = "times"
    window: ClassVar[timedelta | None] = DAY

    type: Literal["cost"] = Field(description="Kind of condition.")
    above: float = Field(default=2.0, gt=0, description=BAD_ABOVE)
    average_days: int = Field(default=7, ge=1, le=31, description="Days that the average is of.")
    min_cost: float = Field(default=1.0, ge=0, description="US dollars within the window up to which it is no alert.")


class Quality(Condition):
    """Mean of a quality score; either ``below`` or ``above`` is given, within what the score can be."""

    figure: ClassVar[str] = "Quality"
    unit: ClassVar[Unit] = "score"
    window: ClassVar[timedelta | None] = timedelta(hours=1)
    longest_window: ClassVar[timedelta] = timedelta(days=7)
    min_requests: ClassVar[int] = 20

    type: Literal["quality"] = Field(description="Kind of condition.")
    score: Annotated[str, AfterValidator(check_name)] = Field(description="Name of the score, such as `Relevance`.")
    below: float | None = Field(default=None, description="Means below it are bad, for scores that should be high.")
    above: float | None = Field(default=None, description="Means above it are bad, such as of `Avoided Answer`.")

    @model_validator(mode="after")
    def _has_one_limit(self) -> Self:
        if (self.below is None) == (self.above is None):
            raise ValueError("give either below or above")
        low, high = range_of(self.score)
        most = math.inf if high is None else high
        if not (low < self.threshold <= most if self.too_low else low <= self.threshold < most):
            span = f"{low:g} or more" if high is None else f"from {low:g} to {high:g}"
            side = "below" if self.too_low else "above"
            raise ValueError(f"{side}: {self.score} is {span}; with this limit it would fire always, or never")
        return self

    @property
    def threshold(self) -> float:
        """As in :class:`Condition`."""
        return self.below if self.below is not None else self.above or 0.0

    @property
    def too_low(self) -> bool:
        """As in :class:`Condition`."""
        return self.below is not None


class QualityThresholds(Condition):
    """Scores whose mean is beyond the threshold in their tenant's rules, as the events ``quality.degraded`` tell."""

    figure: ClassVar[str] = "Tenants with a mean beyond their threshold"
    unit: ClassVar[Unit] = "count"
    window: ClassVar[timedelta | None] = None

    type: Literal["quality_thresholds"] = Field(description="Kind of condition.")
    above: int = Field(default=0, ge=0, description=BAD_ABOVE)


class Reports(Condition):
    """Failed conditions of the last window that each suite of `inferspect eval schedule` has evaluated of a tenant.

    A window of which no report could be made counts as one.
    """

    figure: ClassVar[str] = "Failed conditions of a report"
    unit: ClassVar[Unit] = "count"
    window: ClassVar[timedelta | None] = timedelta(days=2)
    longest_window: ClassVar[timedelta] = timedelta(days=60)

    type: Literal["reports"] = Field(description="Kind of condition.")
    above: int = Field(default=0, ge=0, description=BAD_ABOVE)
    suite: str | None = Field(default=None, description="Name of one suite; each for itself where unset.")


class ReportsOverdue(Condition):
    """How long the oldest window that is due waits for its report: whether `inferspect eval schedule` runs at all.

    Of each suite in `reports.schedule` that has been evaluated before.
    """

    figure: ClassVar[str] = "Oldest window without a report"
    unit: ClassVar[Unit] = "seconds"
    window: ClassVar[timedelta | None] = None
    whole_gateway: ClassVar[bool] = True

    type: Literal["reports_overdue"] = Field(description="Kind of condition.")
    above: PositiveDuration = Field(default=timedelta(hours=2), description=BAD_ABOVE)


class SpoolAge(Condition):
    """Age of the oldest event that waits on a disk for the database."""

    figure: ClassVar[str] = "Oldest event in a spool"
    unit: ClassVar[Unit] = "seconds"
    window: ClassVar[timedelta | None] = None
    whole_gateway: ClassVar[bool] = True

    type: Literal["spool_age"] = Field(description="Kind of condition.")
    above: PositiveDuration = Field(default=timedelta(minutes=2), description=BAD_ABOVE)


class ProviderDown(Condition):
    """Share of calls of a provider or deployment that failed by no fault of the request; retries count, too."""

    figure: ClassVar[str] = "Failed calls"
    unit: ClassVar[Unit] = "ratio"
    min_requests: ClassVar[int] = 5

    type: Literal["provider_down"] = Field(description="Kind of condition.")
    by: Literal["provider", "deployment"] = Field(default="deployment", description="What is looked at by itself.")
    failing: Annotated[Ratio, Field(gt=0)] = Field(default=1.0, description="From this share on it counts as down.")

    @property
    def threshold(self) -> float:
        """As in :class:`Condition`."""
        return self.failing

    def is_breached_by(self, figure: float) -> bool:
        """Unlike other limits this one is reached and not passed: there is nothing above all."""
        return figure >= self.failing


class GuardrailSpike(Condition):
    """Verdicts of guardrails against what the same time has on average in the ``baseline`` before the window."""

    figure: ClassVar[str] = "Guardrail verdicts against their average"
    unit: ClassVar[Unit] = "times"
    window: ClassVar[timedelta | None] = timedelta(minutes=15)
    min_requests: ClassVar[int] = 20

    type: Literal["guardrail_spike"] = Field(description="Kind of condition.")
    above: float = Field(default=3.0, gt=0, description=BAD_ABOVE)
    decisions: tuple[Literal["block", "modify", "report"], ...] = Field(
        default=("block",), min_length=1, description="Which verdicts count."
    )
    guardrail: str | None = Field(default=None, description="Name of one guardrail; each for itself where unset.")
    baseline: Annotated[Duration, between(timedelta(hours=1), timedelta(days=7))] = Field(
        default=DAY, description="Time before the window that the average is of."
    )


class DeadLetters(Condition):
    """Deliveries to a consumer, such as Langfuse or a channel, that were given up and wait for a person."""

    figure: ClassVar[str] = "Dead letters"
    unit: ClassVar[Unit] = "count"
    window: ClassVar[timedelta | None] = None
    whole_gateway: ClassVar[bool] = True

    type: Literal["dead_letters"] = Field(description="Kind of condition.")
    above: int = Field(default=0, ge=0, description=BAD_ABOVE)


class InvalidRules(Condition):
    """Requests that were refused because the rules of their tenant are invalid."""

    figure: ClassVar[str] = "Requests refused for invalid rules"
    unit: ClassVar[Unit] = "count"
    whole_gateway: ClassVar[bool] = True

    type: Literal["invalid_rules"] = Field(description="Kind of condition.")
    above: int = Field(default=0, ge=0, description=BAD_ABOVE)


AnyCondition = Annotated[
    ErrorRate
    | Latency
    | CacheHitRate
    | Quota
    | Budget
    | Cost
    | Quality
    | QualityThresholds
    | Reports
    | ReportsOverdue
    | SpoolAge
    | ProviderDown
    | GuardrailSpike
    | DeadLetters
    | InvalidRules,
    Field(discriminator="type"),
]
