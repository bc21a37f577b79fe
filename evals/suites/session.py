"""One `inferspect eval run` from its options to its exit code."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from rich.console import Console

from evals.gate.baseline import Baselines
from evals.gate.verdict import Outcome, Rules, Verdict, judge
from evals.suites.gateways import Gateway, given_gateway, own_gateway, script_of
from evals.suites.keys import remove_keys
from evals.suites.progress import Progress
from evals.suites.promptfoo import Promptfoo
from evals.suites.results import SuiteResult
from evals.suites.run import Ran, Selection, run_suites
from evals.suites.scratch import remove_those_of_killed_runs
from evals.suites.suite import SuiteError, check_prompts, find_suites
from evals.suites.toolchain import CHECKOUT, find_toolchain
from evals.summary.table import print_verdict
from evals.summary.write import FILES, write_summary
from inferspect.configuration import load_configuration
from inferspect.configuration_file import ConfigurationError
from inferspect.settings import LaunchSettings

RESULTS = Path("eval-results")
DEMO = "demo"  # the model whose answers are scripted where the run starts its gateway
WIDTH = 140  # of what is written to a log


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a run was told; see the options of the command."""

    suites: tuple[str, ...]
    url: str | None
    key: str | None
    model: str
    baseline_model: str
    folder: Path
    config: Path | None
    results: Path | None
    baselines: Path
    update_baseline: bool
    gate: bool
    strict: bool
    fail_on_latency: bool
    jobs: int
    repeat: int
    only: str | None
    timeout: float


class Session:
    """Everything is checked before a gateway is started, and the gateway is gone before the verdict."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
        self._when = datetime.now(UTC)
        self._keys = {order.key.strip()} if order.key else set()

    def run(self) -> Outcome:
        """Run the suites, write the results, print the verdict.

        Raises:
            SuiteError: a suite, a prompt, or what the gateway was told for it, is wrong.
            ToolchainError: Promptfoo is not installed.
            BaselineError: a baseline is wrong or cannot be written.
            GatewayUnavailableError: there is no gateway to run them through.
        """
        order = self._order
        found = find_suites(order.folder.absolute(), order.suites)
        check_prompts(order.folder.absolute())
        selection = Selection.of(found, order.only)
        toolchain = find_toolchain(order.folder.absolute())
        baselines = Baselines(order.baselines, order.model)
        gone = () if order.suites or order.only else sorted(baselines.suites() - {suite.name for suite in found})
        compare = order.gate and not order.update_baseline
        if compare:
            for name in (*(suite.name for suite in selection.suites), *gone):
                baselines.read(name)
        folder = self._folder()
        variables = {
            "EVAL_MODEL": order.model,
            "EVAL_BASELINE_MODEL": order.baseline_model,
            "EVAL_PROMPTS": str(order.folder.absolute() / "prompts"),
        }
        promptfoo = Promptfoo(toolchain, folder, variables, order.repeat, order.timeout, self._keys)
        remove_those_of_killed_runs()
        with (
            _stopped_by_sigterm(),
            self._gateway() as gateway,
            Progress(self._console, [suite.name for suite in selection.suites]) as progress,
        ):
            running = run_suites(gateway, selection, promptfoo, jobs=order.jobs, progress=progress, keys=self._keys)
            ran = asyncio.run(running)
        rules = Rules(
            compare=compare,
            whole=order.only is None,
            strict=order.strict,
            latency=order.fail_on_latency,
            accept=order.update_baseline,
        )
        results = [*ran.results, *(SuiteResult(suite, (), 0.0) for suite in gone if compare)]
        return self._conclude(judge(results, baselines, rules), ran, baselines, folder, gone)

    def _conclude(self, verdict: Verdict, ran: Ran, baselines: Baselines, folder: Path, gone: Iterable[str]) -> Outcome:
        notes = [*ran.notes, *hints(verdict.outcome, self._order.url, self._order.model)]
        write_summary(verdict, self._order.model, self._when, folder, notes)
        remove_keys((folder / name for name in FILES), self._keys)
        print_verdict(verdict, notes, folder, self._console)
        if not self._order.update_baseline:
            return verdict.outcome
        if verdict.outcome is not Outcome.WELL:
            self._console.print("[red]the baseline stays as it was[/]")
            return verdict.outcome
        for result in ran.results:
            self._console.print(f"baseline: {baselines.write(result.suite, result.cases)}", markup=False)
        for suite in gone:
            self._console.print(f"baseline: {baselines.remove(suite)} removed, as there is no such suite", markup=False)
        return Outcome.WELL

    @contextmanager
    def _gateway(self) -> Iterator[Gateway]:
        order = self._order
        if order.url is not None:
            yield given_gateway(order.url, order.key or "")
            return
        config = order.config or _config()
        if not config.exists():
            raise SuiteError(
                f"{config}: there is no such configuration; name it with --config, or a gateway with --url"
            )
        try:
            load_configuration(config)
        except ConfigurationError as error:
            raise SuiteError(str(error)) from error
        self._console.print("[dim]starting a gateway …[/dim]")
        with own_gateway(config, script_of(order.folder.absolute())) as gateway:
            yield gateway

    def _folder(self) -> Path:
        """The results folder, absolute because Promptfoo runs elsewhere."""
        told = self._order.results
        folder = (told or RESULTS / f"{self._when:%Y%m%dT%H%M%SZ}").absolute()
        try:
            if told is not None:
                folder.mkdir(parents=True, exist_ok=True)
                return folder
            folder.parent.mkdir(parents=True, exist_ok=True)
            return new_folder(folder)
        except OSError as error:
            raise SuiteError(f"{folder}: cannot be made ({error.strerror}); name another one with --results") from error


def hints(outcome: Outcome, url: str | None, model: str) -> Iterator[str]:
    """Why a run may have failed by the way it was started."""
    if outcome is Outcome.FAILED and url is not None and model == DEMO:
        yield (
            f"{DEMO} of a gateway that runs knows no scripted answers: name a model with --model or EVAL_MODEL, "
            "or leave --url and EVAL_URL out"
        )


def new_folder(folder: Path) -> Path:
    """The folder, or one beside it where a run of the same second has it."""
    for number in count(2):
        try:
            folder.mkdir()
        except FileExistsError:
            folder = folder.with_name(f"{folder.name.partition('-')[0]}-{number}")
        else:
            break
    return folder


def _config() -> Path:
    """That of `inferspect serve` here, or of the checkout."""
    here = LaunchSettings().inferspect_config
    return here if here.exists() else CHECKOUT / "litellm_config.yaml"


@contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does, so that it leaves nothing behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
