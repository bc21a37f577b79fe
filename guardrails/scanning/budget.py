"""How much processor time looking through a text may take."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

KILOBYTE = 1024  # characters
UNMEASURED = 0.0002  # seconds

T = TypeVar("T")


class BudgetExceededError(Exception):
    """A text takes longer than its budget allows; it has not been looked through and must not go on."""

    def __init__(self) -> None:
        super().__init__("the text takes longer to look through than its budget allows")


@dataclass(frozen=True, slots=True)
class Budget:
    """What every text may take.

    Attributes:
        base: seconds of processor time for a text of any length.
        per_kilobyte: seconds on top for each 1024 characters.
    """

    base: float = 0.1
    per_kilobyte: float = 0.02

    @classmethod
    def scaled(cls, base: float) -> Budget:
        """A budget in the proportions of the default one: a fifth of the base for each kilobyte."""
        return cls(base, base / 5)

    def spending(self, characters: int = 0) -> Spending:
        """The account of one text, of which so many characters are there."""
        return Spending(self, characters)


class _Collector:
    """How much processor time the garbage collector has taken in this process; no text is to blame for it."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0
        gc.callbacks.append(self._told)

    def _told(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._began = time.thread_time()
        else:
            self.seconds += time.thread_time() - self._began


_collector = _Collector()


def _processor_time() -> float:
    return time.thread_time() - _collector.seconds


class Spending:
    """What one text has taken so far.

    Only the time in which steps are made counts, not what happens between them: on an event loop that is the work
    of others.

    Args:
        budget: what it may take.
        characters: how many of it are there.
    """

    def __init__(self, budget: Budget, characters: int = 0) -> None:
        self._per_character = budget.per_kilobyte / KILOBYTE
        self._left = budget.base + characters * self._per_character

    def allow(self, characters: int) -> None:
        """The text has grown by so many characters."""
        self._left += characters * self._per_character

    def within(self, steps: Iterable[T]) -> Iterator[T]:
        """The same steps, as long as the budget lasts.

        Raises:
            BudgetExceededError: making the next step took more than was left. A step is a piece without triggers or
                one window, so this is noticed soon.
        """
        making = iter(steps)
        used, since = _processor_time(), time.perf_counter()
        while True:
            step = next(making, self)
            # Asking for processor time takes as long as many a step does.
            if time.perf_counter() - since > UNMEASURED or step is self:
                before, used, since = used, _processor_time(), time.perf_counter()
                self._left -= used - before
                if self._left < 0:
                    raise BudgetExceededError
            if isinstance(step, Spending):
                return
            given = time.perf_counter()
            yield step
            if time.perf_counter() - given > UNMEASURED:
                self._left -= min(given - since, UNMEASURED)  # what is more, another process took
                used, since = _processor_time(), time.perf_counter()
