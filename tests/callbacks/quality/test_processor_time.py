"""What takes too much of the processor is ended, and its process goes on."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest

from callbacks.quality.processor_time import OverdueError, ProcessorTime


@pytest.fixture
def limited() -> Iterator[ProcessorTime]:
    before = signal.getsignal(signal.SIGPROF)
    yield ProcessorTime(0.05)
    assert signal.getitimer(signal.ITIMER_PROF) == (0.0, 0.0)
    signal.signal(signal.SIGPROF, before)


def search() -> object:
    return re.search("^(a+)+$", "a" * 60 + "!")


def stubborn() -> None:
    while True:
        with suppress(Exception):
            sum(range(1000))


class Destroyed:
    """Takes for ever when it is destroyed, where errors are lost."""

    def __del__(self) -> None:
        stubborn()


def destroying() -> None:
    made = Destroyed()
    del made
    stubborn()


@pytest.mark.parametrize("call", [search, stubborn])
def test_patterns_and_loops_that_take_too_long_are_ended_and_the_next_is_run(
    limited: ProcessorTime, call: object
) -> None:
    with pytest.raises(OverdueError):
        limited.limit(call)  # type: ignore[arg-type]
    assert limited.limit(lambda: 7) == 7


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_end_that_was_lost_comes_again(limited: ProcessorTime) -> None:
    with pytest.raises(OverdueError):
        limited.limit(destroying)


def test_errors_of_what_is_run_are_its_own(limited: ProcessorTime) -> None:
    with pytest.raises(ZeroDivisionError):
        limited.limit(lambda: 1 / 0)


def test_a_signal_that_comes_late_ends_nothing(limited: ProcessorTime) -> None:
    assert limited.limit(lambda: 7) == 7
    signal.raise_signal(signal.SIGPROF)
