"""Hands a batch to a consumer, and finds the ones in it that make it fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from inferspect.events.delivery import Consumer, Delivered, Delivery, Done, Rejected, Retry
from inferspect.events.metrics import OBSERVER_ERRORS

log = structlog.get_logger("inferspect.events")

PATIENCE = 300.0  # seconds for one call
MOST_FAILURES = 16  # of calls for one batch: enough to find one among thousands, few where all fail


class WrongAnswerError(TypeError):
    """The consumer's answer is none."""


class StrayCancellationError(RuntimeError):
    """What the consumer waited for was cancelled, and nobody cancelled the delivery."""


async def hand_over(consumer: Consumer, deliveries: Sequence[Delivery]) -> list[Delivered]:
    """What became of each. Where the call fails, halves are tried by themselves, so that the others arrive."""
    answers: dict[str, Delivered] = {}
    failures = 0
    open_ = [list(deliveries)] if deliveries else []
    while open_:
        batch = open_.pop()
        try:
            answers.update(await _called(consumer, batch))
        except Exception as error:  # a consumer's mistake
            failures += 1
            OBSERVER_ERRORS.labels(consumer.name, "deliver").inc()
            if failures == 1:
                log.exception("a consumer failed", consumer=consumer.name, deliveries=len(batch))
            if len(batch) == 1 or failures >= MOST_FAILURES:
                answers.update((one.id, Retry(f"the consumer failed: {type(error).__name__}")) for one in batch)
            else:
                middle = len(batch) // 2
                open_ += [batch[middle:], batch[:middle]]
    return [answers[one.id] for one in deliveries]


async def _called(consumer: Consumer, batch: list[Delivery]) -> dict[str, Delivered]:
    try:
        async with asyncio.timeout(PATIENCE):
            answers = await consumer.deliver(batch)
    except asyncio.CancelledError as cancelled:
        if _is_cancelled():
            raise
        raise StrayCancellationError from cancelled
    if len(answers) != len(batch) or not all(isinstance(answer, Done | Retry | Rejected) for answer in answers):
        raise WrongAnswerError(f"{len(answers)} answers to {len(batch)} deliveries")
    return {one.id: answer for one, answer in zip(batch, answers, strict=True)}


def _is_cancelled() -> bool:
    """Whether it is this task that was cancelled, and not only what it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
