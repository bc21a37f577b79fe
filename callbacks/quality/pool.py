"""Processes that score, so that the event loop need not: interpreters of their own, kept warm.

A response that its process does not survive is tried once more in a new one, as somebody else may have ended it; then
it counts as the cause.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

from callbacks.quality.pool_worker import LENGTH, Configuration, request

log = structlog.get_logger("inferspect.quality")

WORKER = "callbacks.quality.pool_worker"
ATTEMPTS = 2
START_DEADLINE = 60.0
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


class PoolError(Exception):
    """No process scores; nothing is known of the responses."""


class _EndedError(Exception):
    """The process ended, or says what it should not."""


@dataclass(frozen=True, slots=True)
class Unscored:
    """What is sent of one response: figures of its event, and its input and output as they are kept."""

    figures: Mapping[str, Any]
    asked: str | None
    answered: str | None


Result = dict[str, Any]
"""What :class:`callbacks.quality.scoring.Scored` has, by name, and ``texts``; or ``{"skipped": reason}``."""


class ScoringPool:
    """Scores batches of responses.

    Args:
        configuration: of the processes.
        processes: how many responses are scored at a time.
        deadline: seconds after which a process that still scores one response is ended.
    """

    def __init__(self, configuration: Configuration, processes: int = 1, deadline: float = 10.0) -> None:
        self._configuration = configuration
        self._deadline = deadline
        self._slots = [_Slot(configuration) for _ in range(processes)]
        self._lock = asyncio.Lock()

    @property
    def pids(self) -> list[int]:
        """The processes that are there now."""
        return [slot.process.pid for slot in self._slots if slot.process is not None]

    async def start(self) -> None:
        """Start all processes and wait until they are ready; without this, the first batch does.

        Raises:
            PoolError: one does not start.
        """
        async with self._lock:
            await asyncio.gather(*(slot.ready() for slot in self._slots))

    async def score(self, responses: Sequence[Unscored]) -> list[Result]:
        """The results, in their order; ``timeout`` and ``error`` are reasons of what a process could not do.

        Raises:
            PoolError: no process starts.
        """
        results: list[Result] = [{} for _ in responses]
        waiting = iter(list(enumerate(responses)))
        async with self._lock:
            try:
                async with asyncio.TaskGroup() as group:
                    for slot in self._slots[: len(responses)]:
                        group.create_task(self._work(slot, waiting, results))
            except* PoolError as errors:
                raise errors.exceptions[0] from None
        return results

    async def close(self) -> None:
        """End all processes."""
        for slot in self._slots:
            slot.is_closed = True
        await asyncio.gather(*(slot.end() for slot in self._slots))

    async def _work(self, slot: _Slot, waiting: Iterator[tuple[int, Unscored]], results: list[Result]) -> None:
        for index, response in waiting:
            try:
                results[index] = await self._scored(slot, response)
            except BaseException:
                await slot.end()  # it is in the middle of something
                raise

    async def _scored(self, slot: _Slot, response: Unscored) -> Result:
        for attempt in range(1, ATTEMPTS + 1):
            await slot.ready()
            try:
                async with asyncio.timeout(self._deadline):
                    return await slot.score(response)
            except TimeoutError:
                await slot.end()
                log.error("a process that scores was ended at its deadline", seconds=self._deadline)
                return {"skipped": "timeout"}
            except _EndedError:
                await slot.end()
                log.error("a process that scores ended over a response", attempt=attempt)
        return {"skipped": "error"}


class _Slot:
    """A place for a process."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.process: Process | None = None
        self.is_closed = False

    async def ready(self) -> None:
        """Have a process that is ready.

        Raises:
            PoolError: it does not start, or the pool is closed.
        """
        if self.process is not None and self.process.returncode is None:
            return
        await self.end()
        if self.is_closed:
            raise PoolError("the pool is closed")
        try:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", WORKER, str(os.getpid()), self._configuration.to_argument()),
                stdin=PIPE,
                stdout=PIPE,
                # An operator's scorers lie where this process finds them.
                env={**os.environ, **ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            async with asyncio.timeout(START_DEADLINE):
                await self._receive(self.process)
        except (OSError, TimeoutError, _EndedError) as error:
            await self.end()
            raise PoolError(f"a process that scores does not start: {type(error).__name__}") from error
        except BaseException:
            await self.end()
            raise

    async def score(self, response: Unscored) -> Result:
        process = self.process
        if process is None or process.stdin is None:
            raise _EndedError
        try:
            for piece in request(orjson.dumps(dict(response.figures)), response.asked, response.answered):
                process.stdin.write(piece)
                await process.stdin.drain()
            result: Result = orjson.loads(await self._receive(process))
        except (OSError, ValueError) as error:
            raise _EndedError from error
        return result

    async def end(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            if process.stdin is not None:
                process.stdin.close()
            await process.wait()

    async def _receive(self, process: Process) -> bytes:
        if process.stdout is None:
            raise _EndedError
        try:
            (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
            return await process.stdout.readexactly(length)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise _EndedError from error
