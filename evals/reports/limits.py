"""Limits of scores: those of a tenant's rules, and those of the operator's file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, FiniteFloat, model_validator

from evals.reports.yaml_file import read_model
from inferspect.configuration_file import ConfigurationError, Problem
from inferspect.section import Section
from inferspect.tenancy.quality_rules import QualityRules

Percentile = Annotated[float, Field(gt=0, lt=100)]


class Bound(Section):
    """What a figure should be."""

    min: FiniteFloat | None = None
    max: FiniteFloat | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.min is None and self.max is None:
            raise ValueError("needs `min`, `max` or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("has a `min` above its `max`")
        return self


class ScoreLimits(Section):
    """Limits of one score, or of another column such as ``Cost``."""

    mean: Bound | None = None
    percentiles: dict[Percentile, Bound] = Field(default_factory=dict)
    at_least: Annotated[int, Field(ge=1)] = 20

    @model_validator(mode="after")
    def _has_one(self) -> Self:
        if self.mean is None and not self.percentiles:
            raise ValueError("needs `mean` or `percentiles`")
        return self

    def rows(self, column: str, source: str) -> Iterator[dict[str, Any]]:
        """As the program that runs Deepchecks reads them."""
        bounds: list[tuple[str | float, Bound]] = [] if self.mean is None else [("mean", self.mean)]
        for of, bound in [*bounds, *sorted(self.percentiles.items())]:
            yield {**bound.model_dump(), "column": column, "of": of, "at_least": self.at_least, "source": source}


class LimitsFile(Section):
    """The operator's file: limits of all tenants, and of single ones, which are laid over them score by score."""

    default: dict[str, ScoreLimits] = Field(default_factory=dict)
    tenants: dict[str, dict[str, ScoreLimits]] = Field(default_factory=dict)

    def of(self, tenant: str) -> Mapping[str, ScoreLimits]:
        """The limits of one tenant, by score."""
        return {**self.default, **self.tenants.get(tenant, {})}


def read_limits(file: Path | None) -> LimitsFile:
    """The file's limits; none where there is no file.

    Raises:
        ConfigurationError: it is wrong.
    """
    if file is None:
        return LimitsFile()
    if not file.exists():
        raise ConfigurationError(file, [Problem((), "the file does not exist", "name another one in `reports.limits`")])
    return read_model(file, LimitsFile)


def limits_of(rules: QualityRules, file: LimitsFile, tenant: str) -> list[dict[str, Any]]:
    """All limits of a tenant, of its rules and of the file."""
    found = [
        {
            "column": score,
            "of": "mean",
            "min": threshold.min,
            "max": threshold.max,
            "at_least": threshold.at_least,
            "source": "rules of the tenant",
        }
        for score, threshold in sorted(rules.thresholds.items())
    ]
    for score, limits in sorted(file.of(tenant).items()):
        found += limits.rows(score, "file of limits")
    return found
