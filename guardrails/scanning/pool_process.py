"""One process of a pool, as the gateway's worker sees it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from asyncio.subprocess import PIPE, Process

from guardrails.scanning.budget import Budget, BudgetExceededError
from guardrails.scanning.finding import Finding
from guardrails.scanning.pool_worker import (
    DONE,
    END,
    FAILED,
    FINDINGS,
    HEADER,
    OVER_BUDGET,
    READY,
    REQUEST,
    TEXT,
    Request,
    frame,
)
from guardrails.scanning.whole import Located

WORKER = "guardrails.scanning.pool_worker"
# Characters that are encoded and sent at a stretch, in well under a millisecond.
SENT_AT_ONCE = 16_384


class PoolError(Exception):
    """A text could not be looked through in a process of the pool, and must not go on."""


class ProcessEndedError(PoolError):
    """The process ended by itself, or says what it should not; it is of no use any more."""


class PoolProcess:
    """A process that looks through one text at a time.

    Args:
        process: just started, with pipes.
    """

    def __init__(self, process: Process) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("a pool's process needs pipes")
        self._process = process
        self._to, self._from = process.stdin, process.stdout

    @classmethod
    async def spawn(cls, plan_function: str) -> PoolProcess:
        """Start a process of a new interpreter; a fork of this one would copy its threads' locks.

        Args:
            plan_function: dotted name of what makes a plan of a specification.

        Raises:
            OSError: no process can be started.
        """
        return cls(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", WORKER, str(os.getpid()), plan_function), stdin=PIPE, stdout=PIPE
            )
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.returncode is None

    async def ready(self) -> None:
        """Wait until its modules are imported.

        Raises:
            ProcessEndedError: it ended instead; why is in the log.
        """
        kind, _ = await self._receive()
        if kind != READY:
            raise ProcessEndedError("a process of the pool does not begin as it should")

    async def find(
        self, specification: bytes, text: str, budget: Budget, *, is_json: bool, context: str
    ) -> tuple[Located, ...]:
        """The findings of a text.

        When this is cancelled, the process is in the middle of something and must be ended.

        Raises:
            BudgetExceededError: the text took longer than it may.
            ProcessEndedError: see there.
            PoolError: looking through it failed.
        """
        try:
            request = Request(is_json, context, budget.base, budget.per_kilobyte, len(text))
            await self._send(specification, text, request)
            found: list[Located] = []
            while True:
                kind, payload = await self._receive()
                if kind != FINDINGS:
                    break
                found += [Located(Finding(*values), form) for *values, form in json.loads(payload)]
                await asyncio.sleep(0)
        except (OSError, ValueError) as error:
            raise ProcessEndedError("a process of the pool ended over a text") from error
        if kind == FAILED:
            raise BudgetExceededError if payload == OVER_BUDGET else PoolError(f"{payload.decode()} over a text")
        if kind != DONE:
            raise ProcessEndedError("a process of the pool does not answer as it should")
        return tuple(found)

    async def kill(self) -> None:
        """End it, now, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._to.close()
        await self._process.wait()

    async def _send(self, specification: bytes, text: str, request: Request) -> None:
        frames = frame(REQUEST, json.dumps(request).encode() + b"\n" + specification)
        for start in range(0, len(text), SENT_AT_ONCE):
            if start:
                self._to.write(frames)
                frames = b""
                await self._to.drain()
                await asyncio.sleep(0)
            frames += frame(TEXT, text[start : start + SENT_AT_ONCE].encode("utf-8", "surrogatepass"))
        self._to.write(frames + frame(END))
        await self._to.drain()

    async def _receive(self) -> tuple[int, bytes]:
        try:
            length, kind = HEADER.unpack(await self._from.readexactly(HEADER.size))
            return kind, await self._from.readexactly(length)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise ProcessEndedError("a process of the pool ended") from error
