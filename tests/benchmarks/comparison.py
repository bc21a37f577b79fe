"""Two gateways that take turns under the same load, and tables of how they compare.

Both answer from the same simulator process. What the machine does besides changes from round to round, so each round
is compared for itself: a table gives the median of the rounds' ratios or differences, and their range.
"""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.benchmarks.load import Figures, Generator, Job
from tests.benchmarks.tables import difference, ratios, spread, table

CONFIG = Path(__file__).parents[2] / "litellm_config.yaml"
WARM_UP = 100
QUESTION = "What is the capital of the country that was once called {word}?"
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


@dataclass(frozen=True, slots=True)
class Side:
    """A gateway with a tenant's key, and its processes that work for requests, by name."""

    url: str
    key: str
    processes: dict[str, psutil.Process] = field(default_factory=dict)

    def job(self, scenario: Scenario, requests: int) -> Job:
        headers = {"authorization": f"Bearer {self.key}"}
        return Job(f"{self.url}/v1/chat/completions", headers, scenario.body, scenario.connections, requests)

    def processor_seconds(self) -> float:
        times = [process.cpu_times() for process in self.processes.values()]
        return sum(used.user + used.system for used in times)


@dataclass(frozen=True, slots=True)
class Round:
    """One scenario on one side; ``processor`` is milliseconds a request of the side's processes."""

    figures: Figures
    processor: float


def chat(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "demo", "messages": [{"role": "user", "content": text}], **more}


@contextmanager
def upstream(*options: str) -> Iterator[str]:
    """The simulator as a process of its own."""
    with served("inferspect.testing.upstream", *options) as url:
        yield url


@contextmanager
def served(module: str, *options: str) -> Iterator[str]:
    """The address that a module, run as a process of its own, prints once it serves."""
    command = [sys.executable, "-m", module, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())["url"]
        finally:
            server.send_signal(signal.SIGTERM)


class Comparison:
    """What two sides did in each round of each scenario.

    Args:
        theirs: name of the side that the other is compared to.
        ours: name of the other.
    """

    def __init__(self, theirs: str, ours: str) -> None:
        self.theirs = theirs
        self.ours = ours
        self.rounds: dict[str, dict[str, list[Round]]] = {}

    def measure(
        self, sides: Mapping[str, Side], scenarios: tuple[Scenario, ...], rounds: int, warm_up: int = WARM_UP
    ) -> None:
        """Rounds of all scenarios; the sides take turns, and the order is reversed in every second round."""
        with Generator() as load:
            for scenario in scenarios:
                self.rounds[scenario.name] = {name: [] for name in sides}
                for side in sides.values():
                    load.run(side.job(scenario, max(warm_up, scenario.connections)))
            for number in range(rounds):
                for scenario in scenarios:
                    for name in sorted(sides, reverse=bool(number % 2)):
                        side = sides[name]
                        before = side.processor_seconds()
                        figures = load.run(side.job(scenario, scenario.requests))
                        used = (side.processor_seconds() - before) * 1000 / scenario.requests
                        self.rounds[scenario.name][name].append(Round(figures, used))

    def throughput(self) -> str:
        head = f"requests per second | {self.theirs} | {self.ours} | share | of the rounds"
        return table(head, self._shares("requests_per_second", ".0f"))

    def processor(self) -> str:
        """What a request costs whatever else the machine does at the same time."""
        head = f"processor milliseconds a request | {self.theirs} | {self.ours} | share | of the rounds"
        return table(head, self._shares("processor", ".1f"))

    def latencies(self, *shares: str) -> str:
        """``shares`` are names of latencies in :class:`~tests.benchmarks.load.Figures`."""
        lines = []
        for name in self.rounds:
            cells = [difference(*self.values(name, share)) for share in shares]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        return table(f"milliseconds, {self.theirs} → {self.ours} | {' | '.join(shares)}", lines)

    def values(self, scenario: str, name: str) -> tuple[list[float], list[float]]:
        """One figure of all rounds: ours, theirs."""
        sides = self.rounds[scenario]
        ours, theirs = (
            [getattr(each if name == "processor" else each.figures, name) for each in sides[side]]
            for side in (self.ours, self.theirs)
        )
        return ours, theirs

    def _shares(self, name: str, form: str) -> list[str]:
        lines = []
        for scenario in self.rounds:
            ours, theirs = self.values(scenario, name)
            shares = ratios(ours, theirs)
            middle = f"{statistics.median(theirs):{form}} | {statistics.median(ours):{form}}"
            lines.append(f"| {scenario} | {middle} | {statistics.median(shares):.0%} | {spread(shares, '.0%')} |")
        return lines
