"""Ends what takes too much of the processor, and nothing else of its process."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

Result = TypeVar("Result")


class OverdueError(BaseException):
    """It took too long. No ``Exception``, as what is to be ended may catch those."""


class ProcessorTime:
    """Runs one thing at a time, in the main thread of a process that has no other use for ``SIGPROF``.

    Time that others use, or that is spent waiting, does not count: how busy the machine is decides nothing. Python code
    is ended, and regular expressions, which look for signals; a library that computes for long without, is not.

    Args:
        seconds: of processor time that each may take.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._is_running = False
        signal.signal(signal.SIGPROF, self._end)

    def limit(self, call: Callable[[], Result]) -> Result:
        """What ``call`` returns.

        Raises:
            OverdueError: see there.
        """
        self._is_running = True
        # Again and again, as the error is lost where it is raised in a destructor.
        signal.setitimer(signal.ITIMER_PROF, self._seconds, self._seconds)
        try:
            return call()
        finally:
            self._is_running = False  # first, so that a signal that comes now does no harm
            signal.setitimer(signal.ITIMER_PROF, 0)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_running:
            raise OverdueError
