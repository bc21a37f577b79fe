"""The guardrails against LiteLLM's own Presidio guardrail; `python -m tests.benchmarks guardrails`.

Through gateways: ours with the default policy, stock LiteLLM with its guardrail `presidio` and stand-ins for Presidio's
two services that answer after 10 ms. And by themselves: what one event loop has each of them do in a second, as
LiteLLM calls them, which is what bounds a gateway once its own work does not.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inferspect.testing.gateway import GatewayProcess
from tests.benchmarks.comparison import CONFIG, Comparison, Scenario, Side, served, upstream
from tests.benchmarks.gateway import worker_and_engine
from tests.benchmarks.hooks import MESSAGE
from tests.benchmarks.load import WORDS, percentile
from tests.benchmarks.stock import StockLitellm, tenant_key
from tests.benchmarks.tables import ratios, spread, table

ROUNDS = 5
STOCK, OURS = "LiteLLM with Presidio", "gateway"
SERVICES = "tests.benchmarks.presidio_services"
SYSTEM = "You are the assistant of a property manager. Answer in the language of the question about {word}."
BODY: dict[str, Any] = {
    "model": "demo",
    "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": MESSAGE}],
}
SCENARIOS = (
    Scenario("1 at a time", 1, 40, BODY),
    Scenario("20 at once", 20, 80, BODY),
    Scenario("50 at once", 50, 100, BODY),
)


@dataclass(frozen=True, slots=True)
class Burst:
    """Requests for each round of what runs in this process."""

    connections: int
    theirs: int
    ours: int


BURSTS = (Burst(1, 15, 500), Burst(20, 40, 1000), Burst(50, 50, 1000))


def report() -> str:
    """Measure through gateways and in process, and describe both in Markdown."""
    with served(SERVICES) as services:
        compared = through_gateways(services)
        alone = asyncio.run(by_themselves(services))
    return "\n\n".join([compared.throughput(), compared.latencies("p50", "p99"), alone])


def through_gateways(services: str) -> Comparison:
    with tempfile.TemporaryDirectory() as name, upstream() as url:
        folder = Path(name)
        variables = {"INFERSPECT_DEMO_URL": f"{url}/v1"}
        with (
            GatewayProcess(folder, CONFIG, variables) as gateway,
            StockLitellm(gateway, folder, CONFIG, variables, {"guardrails": [stock_guardrail(services)]}) as stock,
        ):
            stock.start()
            sides = {
                OURS: Side(gateway.url, gateway.new_key(), worker_and_engine(gateway)),
                STOCK: Side(stock.url, tenant_key(stock.url, stock.master_key), stock.processes()),
            }
            compared = Comparison(STOCK, OURS)
            compared.measure(sides, SCENARIOS, ROUNDS, warm_up=20)
    return compared


def stock_guardrail(services: str) -> dict[str, Any]:
    """LiteLLM's guardrail as its documentation sets it up, for all requests."""
    return {
        "guardrail_name": "presidio",
        "litellm_params": {
            "guardrail": "presidio",
            "mode": "pre_call",
            "default_on": True,
            "presidio_analyzer_api_base": services,
            "presidio_anonymizer_api_base": services,
        },
    }


async def by_themselves(services: str) -> str:
    """Requests per second of the two guardrails in this process, taking turns."""
    from tests.benchmarks.in_process import guarded, presidio_guardrail  # noqa: PLC0415  imports LiteLLM: 5 seconds

    logging.getLogger("LiteLLM Proxy").setLevel(logging.ERROR)
    ours, theirs = await guarded({}), presidio_guardrail(services)

    async def our_request() -> None:
        word = next(WORDS)
        messages = [{**message, "content": message["content"].format(word=word)} for message in BODY["messages"]]
        request = {**BODY, "messages": messages}
        await ours.request(request)
        assert "<EMAIL_ADDRESS>" in request["messages"][1]["content"]

    async def their_request() -> None:
        word = next(WORDS)
        texts = [message["content"].format(word=word) for message in BODY["messages"]]
        redacted = await theirs.apply_guardrail({"texts": texts}, {"metadata": {}}, "request")
        assert "<EMAIL_ADDRESS>" in redacted["texts"][1]

    lines = []
    for burst in BURSTS:
        sides = {
            OURS: (our_request, burst.ours),
            STOCK: (their_request, burst.theirs),
        }
        results: dict[str, list[tuple[float, list[float]]]] = {side: [] for side in sides}
        for number in range(ROUNDS + 1):
            for side in sorted(sides, reverse=bool(number % 2)):
                request, requests = sides[side]
                results[side].append(await timed(request, requests, burst.connections))
        # The first round warms up.
        rates = {side: [rate for rate, _ in rounds[1:]] for side, rounds in results.items()}
        times = {side: [each for _, round_ in rounds[1:] for each in round_] for side, rounds in results.items()}
        faster = ratios(rates[OURS], rates[STOCK])
        lines.append(
            f"| {burst.connections} at once | {statistics.median(rates[STOCK]):.0f} | "
            f"{statistics.median(rates[OURS]):.0f} | **{statistics.median(faster):.0f}** ({spread(faster, '.0f')}) | "
            f"{shown(times[STOCK])} | {shown(times[OURS])} |"
        )
    await theirs._close_http_session()  # noqa: SLF001  it has no other way
    head = (
        "guardrail alone, requests per second | LiteLLM's Presidio | InferSpect | times more (rounds) "
        "| ms, p50 / p99: LiteLLM's Presidio | InferSpect"
    )
    return table(head, lines)


async def timed(request: Callable[[], Awaitable[None]], requests: int, connections: int) -> tuple[float, list[float]]:
    """Requests per second, and the milliseconds of each."""
    numbers = itertools.count()
    times: list[float] = []

    async def send() -> None:
        while next(numbers) < requests:
            await asyncio.sleep(0)  # as a request comes from a connection, one at a time
            began = time.perf_counter()
            await request()
            times.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(connections)))
    return requests / (time.perf_counter() - began), times


def shown(times: list[float]) -> str:
    return f"{percentile(times, 50):.3g} / {percentile(times, 99):.3g}"
