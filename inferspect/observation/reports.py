"""Reports over scores: when they are made, of what, and where they are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from inferspect.observation.durations import PARTS, Duration, between, parse_duration
from inferspect.section import Seconds, Section

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=31)
ANCHOR = datetime(1970, 1, 5, tzinfo=UTC)  # a Monday, so that weeks begin as people count them


def read_baseline(told: str) -> timedelta | str:
    """How long before the window the baseline goes, or the name of one that was saved.

    Raises:
        ValueError: it is neither a duration nor a name.
    """
    if PARTS.fullmatch(told):
        duration: timedelta = parse_duration(told)
        if duration < SHORTEST:
            raise ValueError("must be 1m or longer")
        return duration
    if not told or len(told) > 63 or not all(each.isalnum() or each in "_-." for each in told):  # noqa: PLR2004
        raise ValueError("must be a duration such as 7d, or the name of a saved baseline")
    return told


def _baseline(told: str) -> str:
    read_baseline(told)
    return told


Baseline = Annotated[str, AfterValidator(_baseline)]


class ReportSchedule(Section):
    """Windows of one length, one after the other, that a suite looks at."""

    suite: Name = Field(description="Name of the suite.")
    every: Annotated[Duration, between(SHORTEST, LONGEST)] = Field(
        default=timedelta(days=1),
        description="Length of a window; windows are aligned to midnight UTC, weeks to Monday.",
    )
    baseline: Baseline | None = Field(
        default="7d", description="What a window is compared with: the time before it, or the name of a saved baseline."
    )
    tenants: Literal["*"] | tuple[str, ...] = Field(
        default="*", description="Ids of tenants; `*` for all that have responses."
    )


class ReportSettings(Section):
    """Reports over scores, made by `inferspect eval report` and `inferspect eval schedule`."""

    schedule: tuple[ReportSchedule, ...] = Field(
        default=(), description="What `inferspect eval schedule` looks at; each suite once."
    )
    settle: Annotated[Duration, between(timedelta(0), LONGEST)] = Field(
        default=timedelta(minutes=15),
        description="How long after its end a window waits for scores that are on their way.",
    )
    late: Annotated[Duration, between(timedelta(0))] = Field(
        default=timedelta(days=7),
        description="How long after its end a window is evaluated anew where responses have come to it.",
    )
    history: Annotated[Duration, between(timedelta(0))] = Field(
        default=timedelta(days=1), description="How far back a suite begins that has not been scheduled before."
    )
    artefacts: str | None = Field(
        default=None,
        min_length=1,
        description="Folder or fsspec URL that reports are written to, such as `s3://bucket/reports`; `reports` in "
        "the data folder where unset.",
    )
    suites: Path | None = Field(
        default=None, description="Folder of suites of your own (YAML), beside those that ship."
    )
    limits: Path | None = Field(
        default=None, description="YAML file of limits of scores, by tenant, beside the thresholds in tenants' rules."
    )
    show_texts: bool = Field(
        default=False, description="Whether reports may quote answers, as the guardrails left them."
    )
    most_responses: Annotated[int, Field(ge=1000, le=1_000_000)] = Field(
        default=200_000,
        description="Responses of a window, and of a baseline, above which an even sample of that many is looked at.",
    )
    most_texts: Annotated[int, Field(ge=0, le=50_000)] = Field(
        default=5000,
        description="Questions of each that topics are found in, and answers that are compared; 0 for none.",
    )
    deadline: Seconds = Field(default=900, description="Seconds after which a report is given up.")
    python: Path | None = Field(
        default=None,
        description="Python of the environment with Deepchecks; that of `.venv-deepchecks` beside ours where unset.",
    )

    @model_validator(mode="after")
    def _each_suite_once(self) -> Self:
        names = [entry.suite for entry in self.schedule]
        doubled = {name for name in names if names.count(name) > 1}
        if doubled:
            raise ValueError(
                f"schedule: the suite {', '.join(sorted(doubled))} is there twice; one has one length of window"
            )
        return self
