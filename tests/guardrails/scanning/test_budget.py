import gc
import time
from collections.abc import Iterator

import pytest

from guardrails.scanning.budget import Budget, BudgetExceededError


def working(steps: int, seconds: float) -> Iterator[int]:
    for step in range(steps):
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass
        yield step


def test_steps_come_through_as_long_as_the_budget_lasts() -> None:
    assert list(Budget(base=60).spending().within(working(5, 0))) == [0, 1, 2, 3, 4]


def test_a_text_that_takes_longer_is_given_up() -> None:
    given = []
    with pytest.raises(BudgetExceededError):
        given.extend(Budget(base=0.05, per_kilobyte=0).spending(10**9).within(working(1000, 0.01)))
    assert len(given) < 10


def test_the_last_step_counts_too() -> None:
    def late() -> Iterator[int]:
        yield 1
        yield from working(1, 0.02)

    with pytest.raises(BudgetExceededError):
        list(Budget(base=0.01, per_kilobyte=0).spending().within(late()))


def test_longer_texts_may_take_longer() -> None:
    budget = Budget(base=0.0, per_kilobyte=10.0)
    assert list(budget.spending(10_240).within(working(3, 0.01))) == [0, 1, 2]
    with pytest.raises(BudgetExceededError):
        list(budget.spending(1).within(working(3, 0.01)))


def test_a_text_that_grows_may_take_longer() -> None:
    spending = Budget(base=0.0, per_kilobyte=10.0).spending()
    spending.allow(10_240)
    assert list(spending.within(working(3, 0.01))) == [0, 1, 2]


def test_what_happens_between_steps_does_not_count() -> None:
    spending = Budget(base=0.05, per_kilobyte=0).spending()
    for _ in spending.within(working(5, 0)):
        list(working(1, 0.03))


def test_several_pieces_share_one_budget() -> None:
    spending = Budget(base=0.05, per_kilobyte=0).spending()
    list(spending.within(working(1, 0.03)))
    with pytest.raises(BudgetExceededError):
        list(spending.within(working(1, 0.03)))


def test_the_garbage_collector_is_at_nobodys_cost() -> None:
    """It may take longer than a whole budget in a process with much memory, and comes when it will."""
    graph: list[object] = [[] for _ in range(300_000)]

    def steps() -> Iterator[int]:
        for step in range(3):
            gc.collect()
            yield step

    gc.collect()
    began = time.thread_time()
    gc.collect()
    once = time.thread_time() - began
    began = time.thread_time()
    assert list(Budget(base=once, per_kilobyte=0).spending().within(steps())) == list(range(3))
    assert time.thread_time() - began > once
    assert graph
