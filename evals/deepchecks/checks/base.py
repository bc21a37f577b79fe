"""What our checks have in common: a figure for each condition, and what is shown of it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from typing import Any

from deepchecks.core import CheckResult
from deepchecks.tabular import SingleDatasetCheck, TrainTestCheck

from evals.deepchecks.condition import Figure, Figures, condition_of
from evals.deepchecks.responses import Responses


class Conditions:
    """Adds a condition for each figure that a check is going to have."""

    def _expect(self, names: Iterable[str]) -> None:
        for name in names:
            self.add_condition(name, condition_of(name))  # type: ignore[attr-defined]

    def metadata(self, with_doc_link: bool = False) -> Any:
        """Without a link: Deepchecks' documentation has nothing about our checks."""
        del with_doc_link
        return super().metadata(with_doc_link=False)  # type: ignore[misc]


class WindowCheck(Conditions, SingleDatasetCheck):
    """A check of the responses of the window."""

    def __init__(self, responses: Responses, names: Iterable[str]) -> None:
        super().__init__()
        self.responses = responses
        self._expect(names)

    @abstractmethod
    def figures(self) -> tuple[Figures, list[Any]]:
        """A figure for each name, and what is shown: texts, tables, plots."""

    def run_logic(self, context: Any, dataset_kind: Any) -> CheckResult:
        """As Deepchecks wants it."""
        del context, dataset_kind
        figures, shown = self.figures()
        return CheckResult(figures, display=shown, header=self.name())

    def params(self, show_defaults: bool = False) -> dict[str, Any]:
        """Nothing: the responses are no parameter that a report should have."""
        del show_defaults
        return {}


class ComparisonCheck(Conditions, TrainTestCheck):
    """A check of the window against the baseline."""

    def __init__(self, responses: Responses, names: Iterable[str]) -> None:
        super().__init__()
        self.responses = responses
        self._expect(names)

    figures = WindowCheck.figures
    params = WindowCheck.params

    def run_logic(self, context: Any) -> CheckResult:
        """As Deepchecks wants it."""
        del context
        figures, shown = self.figures()
        return CheckResult(figures, display=shown, header=self.name())


def not_there(column: str) -> Figure:
    """The figure of a column that a suite names and that no response has."""
    return Figure(f"no response has {column}", None, column=column)


def too_few(found: int, wanted: int, what: str, column: str | None = None) -> Figure:
    """The figure of a condition that cannot be told."""
    return Figure(f"{found} {what}, fewer than the {wanted} that it takes to tell", None, column=column)
