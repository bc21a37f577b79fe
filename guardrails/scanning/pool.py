"""Processes that look through long texts, so that the event loop need not.

They are interpreters of their own that import recognizers and nothing of LiteLLM. The standard library's pools would
import the gateway's main module into each of them or fork a process that has threads, and cannot end a task that
takes too long.
"""

from __future__ import annotations

import asyncio
import pickle
from collections import OrderedDict, deque
from collections.abc import Coroutine, Hashable
from contextlib import suppress
from typing import Any, TypeVar

import structlog

from guardrails.scanning.budget import Budget, BudgetExceededError
from guardrails.scanning.pool_process import PoolError, PoolProcess, ProcessEndedError
from guardrails.scanning.whole import Located

log = structlog.get_logger("guardrails.pool")

ATTEMPTS = 2
SPECIFICATIONS_KEPT = 64
CHARACTERS_OF_GRACE = 100_000

T = TypeVar("T")


class PoolDeadlineError(PoolError, TimeoutError):
    """A text was not looked through by its deadline; it must not go on."""


class ScanPool:
    """Looks through texts in processes that are kept warm; first come, first served.

    Args:
        plan_function: dotted name of a function that makes a :class:`~guardrails.scanning.plan.Plan` of a
            specification; it runs in the processes.
        budget: what a text may take of a processor's time.
        processes: how many texts are looked through at a time.
        deadline: seconds after which a process that still looks at a text is ended, beginning when it takes it.
        deadline_per_100k: seconds on top for each 100,000 characters.
        start_deadline: seconds that a process may take to be ready.
    """

    def __init__(
        self,
        plan_function: str,
        budget: Budget | None = None,
        *,
        processes: int = 1,
        deadline: float = 10.0,
        deadline_per_100k: float = 1.0,
        start_deadline: float = 60.0,
    ) -> None:
        if processes < 1:
            raise ValueError("a pool needs a process")
        self._plan_function = plan_function
        self._budget = budget or Budget()
        self._deadline = deadline
        self._per_character = deadline_per_100k / CHARACTERS_OF_GRACE
        self._start_deadline = start_deadline
        self._slots = [_Slot() for _ in range(processes)]
        self._free = deque(self._slots)
        self._turns = asyncio.Semaphore(processes)
        self._specifications: OrderedDict[Hashable, bytes] = OrderedDict()
        self._work: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    @property
    def pids(self) -> list[int]:
        """The processes that are there now."""
        return [slot.process.pid for slot in self._slots if slot.process and slot.process.is_alive]

    async def start(self) -> None:
        """Start all processes and wait until they are ready; without this, the first texts wait for that.

        Raises:
            PoolError: one of them does not start; none is left behind.
        """
        try:
            await asyncio.gather(*(self._spawn(self._ready(slot)) for slot in self._slots))
        except BaseException:
            await self.close()
            raise

    async def find(
        self, specification: Hashable, text: str, *, is_json: bool = False, context: str = ""
    ) -> tuple[Located, ...]:
        """The findings of a text, of any length; see :func:`guardrails.scanning.whole.whole_findings`.

        Args:
            specification: what the plan is made of; hashable, picklable, and never changed.
            text: what to look through.
            is_json: whether it is a JSON document in a string.
            context: what stands before it and tells what it is about.

        Raises:
            BudgetExceededError: it took more processor time than it may.
            PoolDeadlineError: it took longer than it may.
            PoolError: its process ended twice over it, a recognizer failed, or the pool is closed.
        """
        pickled = self._pickled(specification)
        self._check_open()
        await self._turns.acquire()
        slot = self._free.popleft()
        # Who asked may be gone any time. The process is not, so what it was given is seen to its end.
        return await asyncio.shield(self._spawn(self._served(slot, pickled, text, is_json=is_json, context=context)))

    async def close(self) -> None:
        """End all processes; whoever waits gets a :class:`PoolError`."""
        self._is_closed = True
        while self._work or any(slot.process for slot in self._slots):
            for slot in self._slots:
                await slot.end()
            if self._work:
                await asyncio.wait(self._work)

    async def _served(
        self, slot: _Slot, specification: bytes, text: str, *, is_json: bool, context: str
    ) -> tuple[Located, ...]:
        seconds = self._deadline + len(text) * self._per_character
        try:
            for _ in range(ATTEMPTS):
                process = await self._ready(slot)
                try:
                    async with asyncio.timeout(seconds):
                        return await process.find(specification, text, self._budget, is_json=is_json, context=context)
                except TimeoutError:
                    await slot.end()
                    log.error("a process of the guardrails was ended at its deadline", characters=len(text))
                    raise PoolDeadlineError("a text was not looked through by its deadline") from None
                except ProcessEndedError:
                    await slot.end()
                    self._check_open()
                    log.error("a process of the guardrails ended over a text", characters=len(text))
                except (BudgetExceededError, PoolError):
                    raise
                except BaseException:
                    # It is in the middle of something.
                    await slot.end()
                    raise
            raise PoolError(f"{ATTEMPTS} processes ended over a text")
        finally:
            if slot.is_ready or self._is_closed:
                self._give_back(slot)
            else:
                self._spawn(self._replace(slot))

    def _give_back(self, slot: _Slot) -> None:
        self._free.append(slot)
        self._turns.release()

    async def _replace(self, slot: _Slot) -> None:
        # If this fails, whoever gets the slot tries again, and is told if that fails too.
        with suppress(PoolError):
            await self._ready(slot)
        self._give_back(slot)

    async def _ready(self, slot: _Slot) -> PoolProcess:
        """The process of a slot; a new one where it has ended."""
        if slot.process is not None and slot.is_ready:
            return slot.process
        await slot.end()
        self._check_open()
        try:
            slot.process = process = await PoolProcess.spawn(self._plan_function)
            self._check_open()
            async with asyncio.timeout(self._start_deadline):
                await process.ready()
        except (OSError, PoolError) as error:
            await slot.end()
            self._check_open()
            raise PoolError("a process of the guardrails does not start") from error
        slot.has_begun = True
        return process

    def _check_open(self) -> None:
        if self._is_closed:
            raise PoolError("the pool is closed")

    def _pickled(self, specification: Hashable) -> bytes:
        pickled = self._specifications.pop(specification, None)
        if pickled is None:
            pickled = pickle.dumps(specification)
            if len(self._specifications) == SPECIFICATIONS_KEPT:
                self._specifications.popitem(last=False)
        self._specifications[specification] = pickled
        return pickled

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._work.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._work.discard(task)
        if not task.cancelled():
            task.exception()  # who asked may be gone, and nobody else is to be told


class _Slot:
    """A place for a process."""

    def __init__(self) -> None:
        self.process: PoolProcess | None = None
        self.has_begun = False

    @property
    def is_ready(self) -> bool:
        return self.process is not None and self.has_begun and self.process.is_alive

    async def end(self) -> None:
        process, self.process, self.has_begun = self.process, None, False
        if process is not None:
            await process.kill()
