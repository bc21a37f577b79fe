"""Running suites: side by side as far as they may, each with a tenant of its own where the key makes one."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from evals.suites.expanded import chosen
from evals.suites.gateways import Gateway, GatewayUnavailableError
from evals.suites.progress import Progress
from evals.suites.promptfoo import Promptfoo
from evals.suites.results import SuiteResult
from evals.suites.suite import Case, Suite, SuiteError
from evals.suites.tenants import Tenants

SPARE = 600.0  # seconds that a tenant's key lives longer than its suite may take


@dataclass(frozen=True, slots=True)
class Selection:
    """The cases of each suite that are to be run."""

    cases: Mapping[str, tuple[Case, ...]]
    suites: tuple[Suite, ...]

    @classmethod
    def of(cls, suites: Sequence[Suite], text: str | None) -> Selection:
        """The cases whose names or descriptions hold a text, all where there is none.

        Raises:
            SuiteError: there is no such case.
        """
        cases = {suite.name: found for suite in suites if (found := chosen(suite, text))}
        if not cases:
            raise SuiteError(
                f"no case of {', '.join(suite.name for suite in suites)} has {text!r} in its id or description"
            )
        return cls(cases, tuple(suite for suite in suites if suite.name in cases))


@dataclass(slots=True)
class Ran:
    """What a run brought.

    Attributes:
        notes: what a person should know of the run itself.
    """

    results: tuple[SuiteResult, ...]
    notes: list[str] = field(default_factory=list)


async def run_suites(
    gateway: Gateway, selection: Selection, promptfoo: Promptfoo, *, jobs: int, progress: Progress, keys: set[str]
) -> Ran:
    """Run the suites, at most ``jobs`` at a time; those that must be alone come last, one by one.

    Args:
        keys: takes every key that is used.

    Raises:
        SuiteError: the gateway refuses the key or a suite's rules.
        GatewayUnavailableError: the gateway does not answer at the start.
    """
    async with Tenants(gateway, keys, promptfoo.timeout + SPARE) as tenants:
        await tenants.check()
        turn = asyncio.Semaphore(jobs)
        without_rules: list[str] = []

        async def run(suite: Suite) -> SuiteResult:
            async with turn:
                progress.started(suite.name)
                try:
                    result = await _run(suite)
                except GatewayUnavailableError as error:
                    result = SuiteResult(suite.name, (), 0.0, str(error))
                progress.ended(result)
                return result

        async def _run(suite: Suite) -> SuiteResult:
            async with tenants.tenant(suite) as tenant:
                if suite.options.rules and not tenant.made:
                    without_rules.append(suite.name)
                variables = {"EVAL_URL": gateway.url, "EVAL_KEY": tenant.key}
                return await promptfoo.run(suite, selection.cases[suite.name], variables)

        together = [suite for suite in selection.suites if suite.options.parallel]
        results = await _all(run(suite) for suite in together) if together else []
        for suite in selection.suites:
            if not suite.options.parallel:
                results.append(await run(suite))
        notes = [f"not removed from the gateway: {left}" for left in tenants.left]
        if without_rules:
            names = ", ".join(sorted(without_rules))
            notes.append(
                f"the key may not make tenants, so it ran {names} with its own rules, not with those of the suite"
            )
        return Ran(tuple(sorted(results, key=lambda one: one.suite)), notes)


async def _all(work: Iterable[Coroutine[None, None, SuiteResult]]) -> list[SuiteResult]:
    """All results; where one raises, the others are ended first, with what they have started."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [task.result() for task in tasks]
