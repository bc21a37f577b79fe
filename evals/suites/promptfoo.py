"""One Promptfoo process for one suite: started, waited for, ended with all its children, its results read."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from evals.suites.completed import completed
from evals.suites.expanded import write_tests
from evals.suites.results import ResultsError, SuiteResult, read_results
from evals.suites.suite import Case, Suite
from evals.suites.toolchain import Toolchain
from inferspect.launcher.lifeline import Preparation

FLAGS = ("--no-cache", "--no-table", "--no-progress-bar", "--no-share", "--no-write")
KINDS = ("json", "html", "junit.xml")
SOME_FAILED = 100
MOST_SAID = 2000


@dataclass(frozen=True, slots=True)
class Promptfoo:
    """How suites are run.

    Attributes:
        results: folder that takes what Promptfoo writes of each suite.
        environment: variables that providers and assertions read.
        at_least: runs of each case.
        timeout: seconds for one suite.
    """

    toolchain: Toolchain
    results: Path
    environment: Mapping[str, str]
    at_least: int = 1
    timeout: float = 600.0

    async def run(self, suite: Suite, cases: Sequence[Case], variables: Mapping[str, str]) -> SuiteResult:
        """Run some cases of a suite; whatever goes wrong is told in the result, which then is no pass."""
        started = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="inferspect-eval-") as folder:
            tests = Path(folder) / "tests.json"
            write_tests(cases, self.at_least, tests)
            environment = self.toolchain.environment(Path(folder), {**self.environment, **variables})
            output = Path(folder) / "output.log"
            links = Path(folder) / "suites"
            links.mkdir()
            command = self._command(suite, completed(suite, links), tests)
            status = await self._process(command, suite.folder, environment, output)
            said = _last(output.read_bytes())
        seconds = time.monotonic() - started
        if status is None:
            return SuiteResult(suite.name, (), seconds, f"did not end within {self.timeout:g} s and was stopped")
        try:
            found = read_results(self.results / f"{suite.name}.json", cases)
        except ResultsError as error:
            return SuiteResult(suite.name, (), seconds, f"{error}; Promptfoo ended with {status} and said: {said}")
        problem = None if status in {0, SOME_FAILED} else f"Promptfoo ended with {status} and said: {said}"
        return SuiteResult(suite.name, found, seconds, problem)

    def _command(self, suite: Suite, configuration: Path, tests: Path) -> list[str]:
        outputs = [part for kind in KINDS for part in ("-o", str(self.results / f"{suite.name}.{kind}"))]
        return self.toolchain.command("eval", "-c", str(configuration), "-t", str(tests), *FLAGS, *outputs)

    async def _process(self, command: list[str], folder: Path, environment: dict[str, str], output: Path) -> int | None:
        """The exit code; ``None`` where it took too long."""
        with output.open("wb") as said:  # no pipe: a child that outlives Promptfoo would keep it open
            process = await asyncio.create_subprocess_exec(
                *command,
                cwd=folder,
                env=environment,
                stdin=DEVNULL,
                stdout=said,
                stderr=STDOUT,
                start_new_session=True,
                preexec_fn=Preparation(signal.SIGKILL),
            )
        try:
            return await asyncio.wait_for(process.wait(), self.timeout)
        except TimeoutError:
            return None
        finally:
            await _end(process)


async def _end(process: Process) -> None:
    """End a process and what it started: assertions in Python run in processes of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _last(said: bytes) -> str:
    return said.decode(errors="replace").strip()[-MOST_SAID:]
