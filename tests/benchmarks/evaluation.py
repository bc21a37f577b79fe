"""What Promptfoo and the gate add to the requests of a suite; `python -m tests.benchmarks evaluation`.

A suite of plain cases is run as `inferspect eval run` runs it, and the same questions are asked of the same gateway
without it, as many at once as Promptfoo asks. The sides take turns.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import httpx
import yaml

from evals.suites.gateways import Gateway, own_gateway
from evals.suites.promptfoo import Promptfoo
from evals.suites.suite import Suite, read_suite
from evals.suites.toolchain import find_toolchain
from tests.benchmarks.comparison import CONFIG
from tests.benchmarks.tables import spread, table

CASES = (1, 50, 200)
ROUNDS = 5
AT_ONCE = 4  # Promptfoo's own number
QUESTION = "What is {number} and {number}?"


def report() -> str:
    """Measure and describe in Markdown."""
    with tempfile.TemporaryDirectory() as name, own_gateway(CONFIG, []) as gateway:
        return asyncio.run(_measure(Path(name), gateway))


async def _measure(folder: Path, gateway: Gateway) -> str:
    suites = {count: suite_of(folder / f"{count}", count) for count in CASES}
    results = folder / "results"
    results.mkdir()
    promptfoo = Promptfoo(find_toolchain(folder), results, {"EVAL_MODEL": "demo"})
    taken: dict[int, list[float]] = defaultdict(list)
    bare: dict[int, list[float]] = defaultdict(list)
    await ask(gateway, CASES[-1])
    for number in range(ROUNDS):
        for count, suite in suites.items():
            for turn in sorted((True, False), reverse=bool(number % 2)):
                if turn:
                    taken[count].append(await run(promptfoo, suite, gateway))
                else:
                    bare[count].append(await ask(gateway, count))
    lines = [
        f"| {count} | {statistics.median(bare[count]):.2f} | {statistics.median(taken[count]):.2f} |"
        f" {spread(taken[count], '.2f')} | {per_case(bare[count], taken[count], count):.0f} |"
        for count in CASES
    ]
    least, most = CASES[0], CASES[-1]
    slope = (statistics.median(taken[most]) - statistics.median(taken[least])) / (most - least) * 1000
    asked = (statistics.median(bare[most]) - statistics.median(bare[least])) / (most - least) * 1000
    head = "cases | seconds to ask | seconds of the suite | of the rounds | more, milliseconds a case"
    return f"{table(head, lines)}\n\nEach further case takes {slope:.0f} ms, of which {asked:.0f} ms are its request."


def suite_of(folder: Path, count: int) -> Suite:
    """A suite of so many cases, each with one assertion."""
    place = folder / "suites" / "plain"
    place.mkdir(parents=True)
    content = {
        "prompts": ["{{ question }}"],
        "providers": [{"id": "file://../../providers/gateway.mjs", "label": "gateway"}],
        "tests": [
            {
                "description": f"case {number}",
                "vars": {"question": QUESTION.format(number=number)},
                "assert": [{"type": "contains", "value": f"{number}"}],
            }
            for number in range(count)
        ],
    }
    (place / "suite.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return read_suite(place)


async def run(promptfoo: Promptfoo, suite: Suite, gateway: Gateway) -> float:
    """Seconds."""
    result = await promptfoo.run(suite, suite.cases, {"EVAL_URL": gateway.url, "EVAL_KEY": gateway.key})
    assert result.problem is None, result.problem
    assert len(result.cases) == len(suite.cases)
    return result.seconds


async def ask(gateway: Gateway, count: int) -> float:
    """Seconds for the requests alone."""
    turn = asyncio.Semaphore(AT_ONCE)
    headers = {"Authorization": f"Bearer {gateway.key}"}
    async with httpx.AsyncClient(base_url=gateway.url, headers=headers, timeout=60, trust_env=False) as client:

        async def one(number: int) -> None:
            messages = [{"role": "user", "content": QUESTION.format(number=number)}]
            async with turn:
                answer = await client.post("/v1/chat/completions", json={"model": "demo", "messages": messages})
            answer.raise_for_status()

        began = time.monotonic()
        async with asyncio.TaskGroup() as asking:
            for number in range(count):
                asking.create_task(one(number))
        return time.monotonic() - began


def per_case(bare: list[float], taken: list[float], count: int) -> float:
    return statistics.median(took - asked for took, asked in zip(taken, bare, strict=True)) / count * 1000
