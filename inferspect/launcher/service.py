"""A supervised child process: started, found ready, restarted when it dies, stopped in time."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from inferspect.launcher.home import LaunchError
from inferspect.launcher.lifeline import Preparation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

log = structlog.get_logger("inferspect.launcher")

FIRST_PAUSE = 0.2
LONGEST_PAUSE = 5.0
STEADY_AFTER = 30.0
SHOWN_OF_LOG = 2_000


@dataclass(frozen=True, slots=True)
class Program:
    """How to run a service.

    Attributes:
        name: for logs and messages.
        command: the program and its arguments.
        log: file that gets what it writes; the launcher's own output where ``None``.
        is_ready: whether it serves; asked again and again after a start.
        before_start: mends what an earlier end left behind.
        stop_signal: asks it to end in order.
        death_signal: what it is sent when the launcher is killed.
    """

    name: str
    command: Sequence[str]
    log: Path | None
    is_ready: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path | None = None
    before_start: Callable[[], None] = lambda: None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGKILL
    unprivileged: bool = False


class Service:
    """Runs a program and keeps it running until it is stopped."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self.restarts = 0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        """Start and wait until it is ready.

        Raises:
            LaunchError: it ended before it was ready; the message has the end of its log.
        """
        await self._spawn()
        await self._until_ready()
        self._keeper = asyncio.create_task(self._keep_running(), name=self.program.name)

    async def stop(self, patience: float) -> None:
        """End it within ``patience`` seconds, by force where it does not end by itself; its children go with it."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(self.program.stop_signal)
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), patience)
        self._kill_group(process.pid)
        await process.wait()

    async def _spawn(self) -> None:
        self.program.before_start()
        output = _open_log(self.program.log) if self.program.log else None
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self.program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(self.program.environment),
                cwd=self.program.folder,
                start_new_session=True,
                preexec_fn=Preparation(self.program.death_signal, unprivileged=self.program.unprivileged),
            )
        except OSError as error:
            raise LaunchError(f"{self.program.name} cannot be started: {error}") from error
        finally:
            if output is not None:
                os.close(output)

    async def _until_ready(self) -> None:
        while self._process is not None and self._process.returncode is None:
            if await self.program.is_ready():
                return
            await asyncio.sleep(0.1)
        status = self._process.returncode if self._process else None
        raise LaunchError(f"{self.program.name} ended with status {status} before it was ready.{self._end_of_log()}")

    async def _keep_running(self) -> None:
        pause = FIRST_PAUSE
        while self._process is not None:
            started = time.monotonic()
            status = await self._process.wait()
            self._kill_group(self._process.pid)
            if time.monotonic() - started > STEADY_AFTER:
                pause = FIRST_PAUSE
            log.warning("service ended, starting it again", service=self.program.name, status=status)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)
            self.restarts += 1
            try:
                await self._spawn()
            except LaunchError as error:
                log.error("service cannot be started", service=self.program.name, reason=str(error))

    def _kill_group(self, pid: int) -> None:
        """The service leads a session of its own, so what it started is in its group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)

    def _end_of_log(self) -> str:
        if self.program.log is None or not self.program.log.exists():
            return ""
        text = self.program.log.read_text(encoding="utf-8", errors="replace")[-SHOWN_OF_LOG:].strip()
        return f"\nThe end of {self.program.log}:\n{text}" if text else ""


def _open_log(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
