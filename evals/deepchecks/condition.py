"""Conditions that tell their figure and its limit, also to who reads no HTML."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from deepchecks.core import ConditionCategory, ConditionResult

Figures = Mapping[str, "Figure"]


@dataclass(frozen=True, slots=True)
class Figure:
    """What a condition found.

    Attributes:
        message: in words; escaped for HTML.
        passed: ``None`` where there was too little to tell.
        value: the figure; ``threshold`` the limit that it is beyond, or is held against.
        column: what it is of, where it is of one column.
    """

    message: str
    passed: bool | None
    value: float | None = None
    threshold: float | None = None
    column: str | None = None


class FigureResult(ConditionResult):
    """The result of a condition, with its figure."""

    def __init__(self, figure: Figure) -> None:
        category = ConditionCategory.PASS if figure.passed else ConditionCategory.FAIL
        super().__init__(ConditionCategory.WARN if figure.passed is None else category, figure.message)
        self.figure = figure


def condition_of(name: str) -> Callable[[Figures], FigureResult]:
    """The condition that is the figure of that name in the check's value."""

    def look(figures: Figures) -> FigureResult:
        return FigureResult(figures[name])

    return look


def plain(text: str) -> str:
    """A text without the escapes of HTML."""
    return html.unescape(text)
