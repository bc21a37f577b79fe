"""One line a suite while they run; where nobody watches, one line for each that has ended."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Lines
from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from evals.suites.results import SuiteResult


class Progress:
    """Shows the suites of a run from entering to leaving its context."""

    def __init__(self, console: Console, suites: Sequence[str]) -> None:
        self._console = console
        columns = SpinnerColumn(finished_text=" "), TextColumn("{task.description}"), TimeElapsedColumn()
        self._lines = Lines(*columns, console=console, disable=not console.is_terminal)
        self._width = max(map(len, suites), default=0)
        self._tasks: dict[str, TaskID] = {
            suite: self._lines.add_task(self._line(suite, "[dim]waiting[/dim]"), total=1, start=False)
            for suite in suites
        }

    def __enter__(self) -> Self:
        self._lines.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._lines.stop()

    def started(self, suite: str) -> None:
        self._lines.start_task(self._tasks[suite])
        self._lines.update(self._tasks[suite], description=self._line(suite, "running"))

    def ended(self, result: SuiteResult) -> None:
        line = self._line(result.suite, _told(result))
        self._lines.update(self._tasks[result.suite], description=line, completed=1)
        if not self._console.is_terminal:
            self._console.print(f"{line} [dim]{result.seconds:.1f} s[/dim]")

    def _line(self, suite: str, told: str) -> str:
        return f"{escape(suite):<{self._width}}  {told}"


def _told(result: SuiteResult) -> str:
    passed, cases = sum(case.passed for case in result.cases), len(result.cases)
    if result.errors:
        return f"[red]{passed} of {cases} passed, {result.errors} errors[/red]"
    return f"[{'green' if passed == cases else 'yellow'}]{passed} of {cases} passed[/]"
