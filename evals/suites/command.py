"""``inferspect eval run``: run suites through a gateway, compare them with the baseline, leave results."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

# Imports stand inside of functions: every command of `inferspect` loads this module.

WRONG_INPUT, ERROR, FAILED = 2, 3, 1


def run(
    suites: Annotated[
        list[str] | None, typer.Argument(metavar="[SUITE]...", help="Names of suites; all where none.")
    ] = None,
    *,
    url: Annotated[
        str | None, typer.Option(envvar="EVAL_URL", help="A gateway that runs, without /v1; else one is started.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(envvar="EVAL_KEY", help="Its key; an administrator's makes a tenant for each suite.")
    ] = None,
    model: Annotated[str, typer.Option(envvar="EVAL_MODEL", help="The model under test.")] = "demo",
    baseline_model: Annotated[
        str, typer.Option(envvar="EVAL_BASELINE_MODEL", help="What suites that compare models compare it with.")
    ] = "demo-fallback",
    folder: Annotated[Path, typer.Option(help="Where the suites are: FOLDER/suites/NAME/suite.yaml.")] = Path(
        "promptfoo"
    ),
    config: Annotated[
        Path | None, typer.Option(help="Configuration of the gateway that is started; else that of `inferspect serve`.")
    ] = None,
    results: Annotated[
        Path | None, typer.Option(help="Folder for results; a new one of its own under eval-results where unset.")
    ] = None,
    baseline: Annotated[Path | None, typer.Option(help="Folder of baselines; FOLDER/baselines where unset.")] = None,
    update_baseline: Annotated[
        bool, typer.Option("--update-baseline", help="Accept this run as the baseline.")
    ] = False,
    gate: Annotated[bool, typer.Option("--gate/--no-gate", help="Compare with the baseline.")] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Known failures and removed cases fail as well.")] = False,
    fail_on_latency: Annotated[bool, typer.Option("--fail-on-latency", help="So does slower answering.")] = False,
    jobs: Annotated[int, typer.Option(min=1, max=64, help="Suites that run at the same time.")] = 2,
    repeat: Annotated[int, typer.Option(min=1, max=1000, help="Runs of each case, at least.")] = 1,
    only: Annotated[
        str | None, typer.Option("--filter", metavar="TEXT", help="Cases with TEXT in their id or description.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds for one suite.")] = 600.0,
) -> None:
    """Run suites; exit code 1: something got worse, 2: wrong input, 3: a provider or the gateway failed."""
    from evals.gate.baseline import BaselineError  # noqa: PLC0415
    from evals.suites.gateways import GatewayUnavailableError  # noqa: PLC0415
    from evals.suites.session import Order, Session  # noqa: PLC0415
    from evals.suites.suite import SuiteError  # noqa: PLC0415
    from evals.suites.toolchain import ToolchainError  # noqa: PLC0415

    if url is not None and not key:
        _fail("--url needs --key, or EVAL_KEY in the environment", WRONG_INPUT)
    if update_baseline and only is not None:
        _fail("--update-baseline takes whole suites: leave --filter out", WRONG_INPUT)
    order = Order(
        suites=tuple(suites or ()),
        url=url,
        key=key,
        model=model,
        baseline_model=baseline_model,
        folder=folder,
        config=config,
        results=results,
        baselines=baseline or folder / "baselines",
        update_baseline=update_baseline,
        gate=gate,
        strict=strict,
        fail_on_latency=fail_on_latency,
        jobs=jobs,
        repeat=repeat,
        only=only,
        timeout=timeout,
    )
    try:
        outcome = Session(order).run()
    except (SuiteError, ToolchainError, BaselineError) as error:
        _fail(str(error), WRONG_INPUT)
    except GatewayUnavailableError as error:
        _fail(str(error), ERROR)
    raise typer.Exit(int(outcome))


def _fail(message: str, status: int) -> NoReturn:
    typer.echo(f"inferspect: {message}", err=True)
    raise typer.Exit(status)
