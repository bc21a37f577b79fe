"""Delivers to one consumer: leases what is due, hands it over, and settles each delivery by what became of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from inferspect.events.delivery import DONE, Consumer, Content, Delivered, Delivery, Done, Rejected, Retry
from inferspect.events.event import NewerEventError
from inferspect.events.handing_over import hand_over
from inferspect.events.metrics import DEAD_LETTERS_TOTAL, DELIVERIES, DELIVERY_LAG
from inferspect.logs import without_secrets
from inferspect.store.deliveries.queue import Deliveries, Leased, Undone
from inferspect.store.events.reading import contents_of, events_of

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from inferspect.settings import EventSettings

log = structlog.get_logger("inferspect.events")

LEASE = 60.0
LEAST_ATTEMPTS = 12
LONGEST_BACKOFF = 300.0
LONGEST_ASKED = 3600.0
LONGEST_PAUSE = 30.0
NEWER_PAUSE = 60.0
SETTLING_ATTEMPTS = 3
HANDING_BACK = 1.0
AWAY = (SQLAlchemyError, OSError)


class Courier:
    """Delivers to ``consumer``, batch after batch, while anything is due; then waits until ``due`` is set."""

    def __init__(self, consumer: Consumer, engine: AsyncEngine, settings: EventSettings) -> None:
        self.consumer = consumer
        self.due = asyncio.Event()
        self._engine = engine
        self._deliveries = Deliveries(engine)
        self._delivery_for = settings.delivery_for
        self._stopping = asyncio.Event()
        self._refused = 0
        self._asked = 0.0
        self._away = False

    async def run(self) -> None:
        """Deliver until told to stop, or cancelled: what was leased is then due again at once."""
        while not self._stopping.is_set():
            await self.due.wait()
            self.due.clear()
            pause = 0.0
            try:
                while not self._stopping.is_set() and not pause and await self.deliver() == self.consumer.batch:
                    pause = self.pause()
                self._away = False
            except AWAY as error:
                if not self._away:
                    log.warning("deliveries wait", consumer=self.consumer.name, reason=type(error).__name__)
                self._away = True
                pause = 1.0
            except Exception:
                log.exception("a courier failed", consumer=self.consumer.name)
                pause = LONGEST_PAUSE
            await self._sleep(max(pause, self.pause()))

    def stop(self) -> None:
        """Have :meth:`run` return after the batch at hand."""
        self._stopping.set()
        self.due.set()

    async def deliver(self) -> int:
        """Deliver one batch.

        Returns:
            How many deliveries it had.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database is away; what was leased is due again later.
        """
        name = self.consumer.name
        leased = await self._deliveries.lease(name, self.consumer.batch, LEASE)
        if not leased:
            return 0
        lease = [leased[0].due_at]
        try:
            async with self._kept(leased, lease):
                outcomes = await self._outcomes(leased)
        except asyncio.CancelledError:
            await self._hand_back(leased, lease[0])
            raise
        done = [one for one, outcome in outcomes if isinstance(outcome, Done)]
        undone = [self._undone(one, outcome) for one, outcome in outcomes if not isinstance(outcome, Done)]
        lags = await self._settle(lease[0], done, undone)
        for lag in lags:
            DELIVERY_LAG.labels(name).observe(max(0.0, lag))
        self._refused = 0 if done or any(one.dead for one in undone) else self._refused + 1
        self._asked = min((outcome.after or 0.0 for _, outcome in outcomes if isinstance(outcome, Retry)), default=0.0)
        return len(leased)

    def pause(self) -> float:
        """Seconds to leave the receiver alone, after batches of which it took nothing."""
        if not self._refused:
            return 0.0
        backoff = min(LONGEST_PAUSE, 2.0 ** (self._refused - 1))
        return max(backoff * random.uniform(0.5, 1.0), min(self._asked, 2 * LONGEST_PAUSE))  # noqa: S311  no secret

    async def _hand_back(self, leased: list[Leased], due_at: datetime) -> None:
        """Have others deliver it at once, and not only when the lease has run out."""
        undone = [Undone(one, "the process that delivered it ended") for one in leased]
        with suppress(*AWAY, TimeoutError):
            async with asyncio.timeout(HANDING_BACK):
                await self._deliveries.settle(self.consumer.name, due_at, [], undone)

    async def _outcomes(self, leased: list[Leased]) -> list[tuple[Leased, Delivered]]:
        """What became of each. What there is nothing to deliver of does not get to the consumer."""
        requests = {one.id: one.occurred_at for one in leased if one.message is None}
        events, contents = {}, {}
        if requests:
            async with self._engine.connect() as connection:
                events = await events_of(connection, requests)
                if self.consumer.needs_content:
                    contents = await contents_of(connection, requests)
        settled: list[tuple[Leased, Delivered]] = []
        open_: list[tuple[Leased, Delivery]] = []
        for one in leased:
            event = events.get(one.id)
            if isinstance(event, NewerEventError):
                reason = f"{event}; update this process, or leave it to one that is newer"
                settled.append((one, Retry(reason, NEWER_PAUSE)))
            elif event is None and one.message is None:
                settled.append((one, DONE))  # retention was quicker
                DELIVERIES.labels(self.consumer.name, "expired").inc()
            else:
                content = contents.get(one.id, Content())
                delivery = Delivery(
                    self.consumer.name, one.id, one.occurred_at, one.tenant_id, one.attempts, event, content,
                    one.message or {},
                )  # fmt: skip
                open_.append((one, delivery))
        answers = await hand_over(self.consumer, [delivery for _, delivery in open_])
        for answer in answers:
            DELIVERIES.labels(self.consumer.name, type(answer).__name__.lower()).inc()
        return settled + [(one, answer) for (one, _), answer in zip(open_, answers, strict=True)]

    def _undone(self, leased: Leased, outcome: Retry | Rejected) -> Undone:
        reason = _printable(outcome.reason)
        given_up = leased.attempts >= LEAST_ATTEMPTS and leased.age > self._delivery_for
        if given_up or isinstance(outcome, Rejected):
            DEAD_LETTERS_TOTAL.labels(self.consumer.name).inc()
            log.warning("a dead letter", consumer=self.consumer.name, event_id=leased.id, reason=reason)
            return Undone(leased, reason, dead=True)
        if outcome.after is not None:
            return Undone(leased, reason, min(max(outcome.after, 0.0), LONGEST_ASKED) * random.uniform(1.0, 1.1))  # noqa: S311  no secret
        return Undone(leased, reason, backoff(leased.attempts))

    async def _settle(self, due_at: datetime, done: list[Leased], undone: list[Undone]) -> list[float]:
        """Try again at once where the database has a moment's trouble: otherwise all would be delivered twice."""
        for attempt in range(1, SETTLING_ATTEMPTS + 1):
            try:
                return await self._deliveries.settle(self.consumer.name, due_at, done, undone)
            except AWAY:
                if attempt == SETTLING_ATTEMPTS:
                    raise
                await asyncio.sleep(0.2 * attempt)
        raise AssertionError

    @asynccontextmanager
    async def _kept(self, leased: Sequence[Leased], lease: list[datetime]) -> AsyncIterator[None]:
        """Extends the lease while its deliveries are at the consumer; notes in ``lease`` until when it holds."""
        over = asyncio.Event()
        keeping = asyncio.create_task(self._keep(leased, lease, over))
        try:
            yield
        finally:
            over.set()
            await asyncio.shield(keeping)

    async def _keep(self, leased: Sequence[Leased], lease: list[datetime], over: asyncio.Event) -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), LEASE / 3)
            if not over.is_set():
                try:
                    lease[0] = await self._deliveries.extend(self.consumer.name, leased, lease[0], LEASE)
                except AWAY as error:
                    log.warning("a lease runs out", consumer=self.consumer.name, reason=type(error).__name__)

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not beyond the stop; what is due meanwhile is found afterwards."""
        if seconds:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), seconds)
            self.due.set()


def backoff(attempts: int) -> float:
    """Seconds until the next attempt: exponential, with full jitter, which spreads what failed together."""
    return random.uniform(0.0, min(LONGEST_BACKOFF, 2.0 ** min(attempts - 1, 20)))  # noqa: S311  no secret


def _printable(reason: str) -> str:
    """Without secrets, and without what PostgreSQL cannot store."""
    return without_secrets(reason).replace("\0", "\ufffd").encode("utf-8", "replace").decode()
