"""Durations and ratios as a person writes them: ``5m``, ``1h30m``, ``5%``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema

UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
PARTS = re.compile(r"(?:\d+(?:\.\d+)?[wdhms])+")
PART = re.compile(r"(\d+(?:\.\d+)?)([wdhms])")
LONGEST = timedelta(days=366)


def parse_duration(value: Any) -> Any:
    """A duration of a text such as ``90s``, ``5m``, ``1h30m`` or ``7d``; a number is of seconds.

    Raises:
        ValueError: it is neither, or longer than a year.
    """
    if isinstance(value, timedelta):
        duration = value
    elif isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LONGEST.total_seconds():
        duration = timedelta(seconds=value)
    elif isinstance(value, str) and PARTS.fullmatch(value):
        seconds = sum(float(number) * UNITS[unit] for number, unit in PART.findall(value))
        duration = timedelta(seconds=min(seconds, 2 * LONGEST.total_seconds()))
    else:
        raise ValueError("must be a duration such as 30s, 5m, 1h30m or 7d")
    if duration > LONGEST:
        raise ValueError("must be no longer than 366d")
    return duration


def duration_text(duration: timedelta) -> str:
    """The shortest text of a duration that :func:`parse_duration` reads as the same."""
    rest = round(duration.total_seconds(), 3)
    parts: list[str] = []
    for unit, size in UNITS.items():
        if unit == "s":
            if rest or not parts:
                parts.append(f"{rest:.3f}".rstrip("0").rstrip(".") + "s")
        elif unit != "w" and (count := int(rest // size)):
            parts.append(f"{count}{unit}")
            rest = round(rest - count * size, 3)
    return "".join(parts)


def between(least: timedelta, most: timedelta = LONGEST) -> AfterValidator:
    """A bound in the words that durations are written in."""

    def check(duration: timedelta) -> timedelta:
        if not least <= duration <= most:
            raise ValueError(f"must be from {duration_text(least)} to {duration_text(most)}")
        return duration

    return AfterValidator(check)


def parse_ratio(value: Any) -> Any:
    """A share of a number from 0 to 1 or a text such as ``5%``.

    Raises:
        ValueError: it is a text of another form.
    """
    if isinstance(value, str):
        number = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", value)
        if number is None:
            raise ValueError("must be a share such as 5% or 0.05")
        return float(number[1]) / 100
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{PARTS.pattern}$"}),
]
PositiveDuration = Annotated[Duration, between(timedelta(milliseconds=1))]
Ratio = Annotated[float, BeforeValidator(parse_ratio), Field(ge=0, le=1)]
