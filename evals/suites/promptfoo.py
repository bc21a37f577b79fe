"""One Promptfoo process for one suite: started, waited for, ended with all its children, its results read."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from asyncio.subprocess import DEVNULL, STDOUT, Process
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from evals.suites.completed import completed
from evals.suites.expanded import write_tests
from evals.suites.keys import remove_keys, without_keys
from evals.suites.promptfoo_results import ResultsError, read_results
from evals.suites.results import SuiteResult
from evals.suites.scratch import scratch_folder
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
        keys: what may stand in no result.
    """

    toolchain: Toolchain
    results: Path
    environment: Mapping[str, str]
    at_least: int = 1
    timeout: float = 600.0
    keys: Collection[str] = field(default_factory=set)

    async def run(self, suite: Suite, cases: Sequence[Case], variables: Mapping[str, str]) -> SuiteResult:
        """Run some cases of a suite; whatever goes wrong is told in the result, which then is no pass."""
        started = time.monotonic()
        results = result_files(self.results, suite.name)
        for path in results:
            path.unlink(missing_ok=True)  # of an earlier run into the same folder
        try:
            status, said = await self._run(suite, cases, variables)
        finally:
            leaks = tuple(remove_keys(results, self.keys))
        seconds = time.monotonic() - started
        if status is None:
            late = f"did not end within {self.timeout:g} s and was stopped"
            return SuiteResult(suite.name, (), seconds, late, leaks)
        try:
            found = read_results(results[0], cases, self.at_least)
        except ResultsError as error:
            unread = f"{error}; Promptfoo ended with {status} and said: {said}"
            return SuiteResult(suite.name, (), seconds, unread, leaks)
        problem = None if status in {0, SOME_FAILED} else f"Promptfoo ended with {status} and said: {said}"
        return SuiteResult(suite.name, found, seconds, problem, leaks)

    async def _run(self, suite: Suite, cases: Sequence[Case], variables: Mapping[str, str]) -> tuple[int | None, str]:
        """The exit code, ``None`` where it took too long, and the last of what was said."""
        with scratch_folder() as folder:
            tests = folder / "tests.json"
            write_tests(cases, self.at_least, tests)
            environment = self.toolchain.environment(folder, {**self.environment, **variables})
            output = folder / "output.log"
            links = folder / "suites"
            links.mkdir()
            command = self._command(suite, completed(suite, links), tests)
            status = await self._process(command, suite.folder, environment, output)
            said = without_keys(output.read_text(encoding="utf-8", errors="replace"), self.keys)
        return status, said.strip()[-MOST_SAID:]

    def _command(self, suite: Suite, configuration: Path, tests: Path) -> list[str]:
        outputs = [part for path in result_files(self.results, suite.name) for part in ("-o", str(path))]
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


def result_files(folder: Path, suite: str) -> list[Path]:
    """What Promptfoo writes of a suite; what is read is the first."""
    return [folder / f"{suite}.{kind}" for kind in KINDS]


async def _end(process: Process) -> None:
    """End a process and what it started: assertions in Python run in processes of their own."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
