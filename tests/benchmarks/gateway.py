"""The gateway with every hook on against the same LiteLLM with none, alternating; `python -m tests.benchmarks gateway`.

Both answer from the same simulator process, with a tenant's key, a database and Redis, one worker each.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from inferspect.testing.gateway import GatewayProcess
from tests.benchmarks.comparison import CONFIG, PARAGRAPH, QUESTION, Comparison, Scenario, Side, chat, upstream
from tests.benchmarks.stock import StockLitellm, tenant_key
from tests.benchmarks.tables import difference, table

ROUNDS = 7
STOCK, GATEWAY = "LiteLLM", "gateway"
STREAMED = "streamed, 1 at a time"
SCENARIOS = (
    Scenario("1 at a time", 1, 150, chat(QUESTION)),
    Scenario("20 at once", 20, 300, chat(QUESTION)),
    Scenario("100 at once", 100, 400, chat(QUESTION)),
    Scenario("5,000 characters, 1 at a time", 1, 80, chat(QUESTION + (PARAGRAPH * 30)[:5_000])),
    Scenario(STREAMED, 1, 60, chat(QUESTION, stream=True)),
)


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
                sides = {
                    GATEWAY: Side(gateway.url, gateway.new_key(), worker_and_engine(gateway)),
                    STOCK: Side(stock.url, tenant_key(stock.url, stock.master_key), stock.processes()),
                }
                compared = Comparison(STOCK, GATEWAY)
                compared.measure(sides, SCENARIOS, ROUNDS)
                sizes = memory(sides)
        finally:
            gateway.stop()
    tables = [compared.throughput(), compared.latencies("p50", "p95", "p99"), first_bytes(compared)]
    return "\n\n".join([*tables, compared.processor(), start_up(starts), sizes])


def timed(action: Callable[[], Any]) -> float:
    started = time.monotonic()
    action()
    return time.monotonic() - started


def worker_and_engine(gateway: GatewayProcess) -> dict[str, psutil.Process]:
    """What works for a request; the gateway's main process only forks its worker."""
    running = gateway.processes()
    return {"worker": running["worker"], "Prisma engine": running["engine"], "main process": running["gateway"]}


def first_bytes(compared: Comparison) -> str:
    cells = [difference(*compared.values(STREAMED, name)) for name in ("first_byte_p50", "first_byte_p99")]
    line = f"| {STOCK} → {GATEWAY} | {' | '.join(cells)} |"
    return table("milliseconds to the first byte of a stream | p50 | p99", [line])


def start_up(starts: dict[str, list[float]]) -> str:
    lines = [
        f"| gateway, with PostgreSQL, Redis and a demo tenant | {starts[GATEWAY][0]:.0f} | {starts[GATEWAY][1]:.0f} |",
        f"| LiteLLM alone, beside both | {starts[STOCK][0]:.0f} | {starts[STOCK][1]:.0f} |",
    ]
    return table("seconds to start | first, empty database | second", lines)


def memory(sides: dict[str, Side]) -> str:
    """MiB after the load; a page that processes share counts for each by its share (PSS)."""
    lines = []
    for side, running in sides.items():
        for name, process in running.processes.items():
            used = process.memory_full_info()
            lines.append(f"| {side}: {name} | {used.pss / 1024**2:.0f} | {used.rss / 1024**2:.0f} |")
    return table("MiB after the load | PSS | RSS", lines)
