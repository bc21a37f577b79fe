"""The gateway with every hook on against the same LiteLLM with none, alternating; `python -m tests.benchmarks gateway`.

Both answer from the same simulator process, with a tenant's key, a database and Redis, one worker each.
"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from inferspect.testing.gateway import GatewayProcess
from tests.benchmarks.load import Figures, Generator, Job
from tests.benchmarks.stock import StockLitellm, tenant_key

CONFIG = Path(__file__).parents[2] / "litellm_config.yaml"
ROUNDS = 7
WARM_UP = 100
STOCK, GATEWAY = "LiteLLM", "gateway"
PARAGRAPH = (
    "The meeting began at 10:30 and dealt with the budget, which grew by 4.5 % to $1,250,000. Our colleague asked "
    "whether version 2.13 of the report could be ready by Friday; write to jane.doe@example.com. Nobody objected. "
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is sent; ``requests`` is for each round and side."""

    name: str
    connections: int
    requests: int
    body: dict[str, Any]


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "demo", "messages": [{"role": "user", "content": text}], **more}


QUESTION = "What is the capital of France?"
SCENARIOS = (
    Scenario("1 at a time", 1, 150, chat(QUESTION)),
    Scenario("20 at once", 20, 300, chat(QUESTION)),
    Scenario("100 at once", 100, 400, chat(QUESTION)),
    Scenario("5,000 characters, 1 at a time", 1, 80, chat((PARAGRAPH * 30)[:5_000])),
    Scenario("streamed, 1 at a time", 1, 60, chat(QUESTION, stream=True)),
)


@dataclass(frozen=True, slots=True)
class Round:
    """One scenario on one side; ``processor`` is milliseconds a request of the worker and its Prisma engine."""

    figures: Figures
    processor: float


Results = dict[str, dict[str, list[Round]]]  # by scenario and side


def report() -> str:
    """Measure everything and describe it in Markdown."""
    with tempfile.TemporaryDirectory() as name, upstream() as url:
        folder = Path(name)
        variables = {"INFERSPECT_DEMO_URL": f"{url}/v1"}
        gateway = GatewayProcess(folder, CONFIG, variables)
        starts: dict[str, list[float]] = {GATEWAY: [timed(gateway.start)], STOCK: []}
        gateway.stop()
        starts[GATEWAY].append(timed(gateway.start))
        try:
            with StockLitellm(gateway, folder, CONFIG, variables) as stock:
                starts[STOCK].append(stock.start())
                stock.stop()
                starts[STOCK].append(stock.start())
                keys = {GATEWAY: gateway.new_key(), STOCK: tenant_key(stock.url, stock.master_key)}
                running = processes(gateway, stock)
                results = measure({GATEWAY: gateway.url, STOCK: stock.url}, keys, running)
                sizes = memory(running)
        finally:
            gateway.stop()
    tables = [throughput(results), latencies(results), first_bytes(results), processor(results)]
    return "\n\n".join([*tables, start_up(starts), sizes])


@contextmanager
def upstream() -> Iterator[str]:
    """The simulator as a process of its own."""
    command = [sys.executable, "-m", "inferspect.testing.upstream"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as simulator:
        assert simulator.stdout is not None
        try:
            yield json.loads(simulator.stdout.readline())["url"]
        finally:
            simulator.send_signal(signal.SIGTERM)


def timed(action: Callable[[], Any]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


Processes = dict[str, dict[str, psutil.Process]]  # by side and name


def processes(gateway: GatewayProcess, stock: StockLitellm) -> Processes:
    """What works for a request on each side; the gateway's main process only forks its worker."""
    ours = gateway.processes()
    assert stock.process is not None
    theirs = psutil.Process(stock.process.pid)
    engines = [child for child in theirs.children(recursive=True) if "query-engine" in " ".join(child.cmdline())]
    return {
        GATEWAY: {"worker": ours["worker"], "Prisma engine": ours["engine"], "main process": ours["gateway"]},
        STOCK: {"worker": theirs, "Prisma engine": engines[0]},
    }


def processor_seconds(running: dict[str, psutil.Process]) -> float:
    times = [process.cpu_times() for process in running.values()]
    return sum(used.user + used.system for used in times)


def measure(urls: dict[str, str], keys: dict[str, str], running: Processes) -> Results:
    """Rounds of all scenarios; the sides take turns, and the order is reversed in every second round."""
    results: Results = {scenario.name: {GATEWAY: [], STOCK: []} for scenario in SCENARIOS}
    with Generator() as load:

        def run(side: str, scenario: Scenario, requests: int) -> Round:
            headers = {"authorization": f"Bearer {keys[side]}"}
            url = f"{urls[side]}/v1/chat/completions"
            before = processor_seconds(running[side])
            figures = load.run(Job(url, headers, scenario.body, scenario.connections, requests))
            return Round(figures, (processor_seconds(running[side]) - before) * 1000 / requests)

        for scenario in SCENARIOS:
            for side in urls:
                run(side, scenario, WARM_UP)
        for number in range(ROUNDS):
            for scenario in SCENARIOS:
                for side in sorted(urls, reverse=bool(number % 2)):
                    results[scenario.name][side].append(run(side, scenario, scenario.requests))
    return results


def throughput(results: Results) -> str:
    lines = []
    for name, sides in results.items():
        values = {side: [each.figures.requests_per_second for each in rounds] for side, rounds in sides.items()}
        ratios = [ours / theirs for ours, theirs in zip(values[GATEWAY], values[STOCK], strict=True)]
        middle = {side: statistics.median(numbers) for side, numbers in values.items()}
        spread = f"{min(ratios):.0%} to {max(ratios):.0%}"
        lines.append(
            f"| {name} | {middle[STOCK]:.0f} | {middle[GATEWAY]:.0f} | {statistics.median(ratios):.0%} | {spread} |"
        )
    return table("requests per second | LiteLLM | gateway | share | of the rounds", lines)


def latencies(results: Results) -> str:
    lines = []
    for name, sides in results.items():
        cells = [difference(sides, share) for share in ("p50", "p95", "p99")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return table("milliseconds, LiteLLM → gateway | p50 | p95 | p99", lines)


def first_bytes(results: Results) -> str:
    sides = results[SCENARIOS[-1].name]
    cells = f"{difference(sides, 'first_byte_p50')} | {difference(sides, 'first_byte_p99')}"
    return table("milliseconds to the first byte of a stream | p50 | p99", [f"| LiteLLM → gateway | {cells} |"])


def processor(results: Results) -> str:
    """What a request costs whatever else the machine does at the same time."""
    lines = []
    for name, sides in results.items():
        values = {side: [each.processor for each in rounds] for side, rounds in sides.items()}
        ratios = [ours / theirs for ours, theirs in zip(values[GATEWAY], values[STOCK], strict=True)]
        middle = {side: statistics.median(numbers) for side, numbers in values.items()}
        share = f"{statistics.median(ratios):.0%} | {min(ratios):.0%} to {max(ratios):.0%}"
        lines.append(f"| {name} | {middle[STOCK]:.1f} | {middle[GATEWAY]:.1f} | {share} |")
    return table("processor milliseconds a request | LiteLLM | gateway | share | of the rounds", lines)


def difference(sides: dict[str, list[Round]], name: str) -> str:
    """Medians of both sides and the median of the rounds' differences, with the smallest and the largest."""
    ours, theirs = ([getattr(each.figures, name) for each in sides[side]] for side in (GATEWAY, STOCK))
    more = [own - other for own, other in zip(ours, theirs, strict=True)]
    return (
        f"{statistics.median(theirs):.1f} → {statistics.median(ours):.1f}, **{statistics.median(more):+.1f}** "
        f"({min(more):+.1f} to {max(more):+.1f})"
    )


def start_up(starts: dict[str, list[float]]) -> str:
    lines = [
        f"| gateway, with PostgreSQL, Redis and a demo tenant | {starts[GATEWAY][0]:.0f} | {starts[GATEWAY][1]:.0f} |",
        f"| LiteLLM alone, beside both | {starts[STOCK][0]:.0f} | {starts[STOCK][1]:.0f} |",
    ]
    return table("seconds to start | first, empty database | second", lines)


def memory(running: Processes) -> str:
    """MiB after the load; a page that processes share counts for each by its share (PSS)."""
    lines = []
    for side, named in running.items():
        for name, process in named.items():
            used = process.memory_full_info()
            lines.append(f"| {side}: {name} | {used.pss / 1024**2:.0f} | {used.rss / 1024**2:.0f} |")
    return table("MiB after the load | PSS | RSS", lines)


def table(head: str, lines: list[str]) -> str:
    columns = head.count("|")
    return "\n".join([f"| {head} |", "|---" + "|---:" * columns + "|", *lines])
