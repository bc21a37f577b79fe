"""What a check finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from inferspect.doctor.examination import Examination


class Level(StrEnum):
    """How a check ended; only ``ERROR`` keeps the gateway from serving as it is set up."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the report. ``remedy`` is what to do, empty where nothing is to be done."""

    name: str
    level: Level
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A question to the installation; ``ask`` may raise, which is reported as an error of the check itself."""

    name: str
    ask: Callable[[Examination], Result]


def ok(name: str, message: str) -> Result:
    return Result(name, Level.OK, message)


def info(name: str, message: str, remedy: str = "") -> Result:
    return Result(name, Level.INFO, message, remedy)


def warning(name: str, message: str, remedy: str) -> Result:
    return Result(name, Level.WARNING, message, remedy)


def error(name: str, message: str, remedy: str) -> Result:
    return Result(name, Level.ERROR, message, remedy)
