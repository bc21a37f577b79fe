"""An alert's figure and limit in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from callbacks.alerts.conditions.reading import Reading
from inferspect.observation.alert_conditions import Unit
from inferspect.observation.alert_rules import AlertRule
from inferspect.observation.durations import duration_text


def figure_text(value: float, unit: Unit) -> str:
    """A figure with its unit, such as ``12.5 %``."""
    if unit == "ratio":
        return f"{value * 100:.4g} %"
    if unit == "seconds":
        return f"{value:.4g} s" if value < 100 else duration_text(timedelta(seconds=round(value)))  # noqa: PLR2004
    if unit == "times":
        return f"{value:.3g} times"
    return f"{value:.4g}" if unit == "score" else f"{value:.0f}"


def name_of(condition: Any) -> str:
    """What a condition watches, with what tells it from others of its kind."""
    if condition.type == "latency":
        return f"p{condition.percentile:g} latency"
    if condition.type == "quality":
        return f"Mean of {condition.score}"
    if condition.type == "budget":
        return "Budget spent by a team" if condition.of == "teams" else "Budget spent by a key"
    return str(condition.figure)


def summary_of(rule: AlertRule, reading: Reading) -> str:
    """One sentence for a figure.

    Such as ``Error rate is 12.5 % over 5m (limit: above 5 %; 120 counted).``; labels stand in brackets before ``is``.
    Where nothing was counted it says so, as nobody may take that for a good figure.
    """
    condition = rule.condition
    named = ", ".join(f"{name} {value}" for name, value in reading.labels.items())
    over = f" over {duration_text(rule.looked_at)}" if rule.looked_at else ""
    side = "below" if condition.too_low else "at least" if condition.type == "provider_down" else "above"
    limit = f"limit: {side} {figure_text(condition.threshold, condition.unit)}"
    what = f"{name_of(condition)}{f' ({named})' if named else ''}"
    if reading.value is None:
        return f"{what} has no figure{over}: there is nothing to measure ({limit})."
    counted = f"; {reading.samples} counted" if rule.looked_at else ""
    return f"{what} is {figure_text(reading.value, condition.unit)}{over} ({limit}{counted})."


def without_rule(last: str) -> str:
    """What is said of an alert that ends because its rule is removed or disabled, and of what it said last."""
    return f"The rule was removed or disabled. The last figure: {last}"
