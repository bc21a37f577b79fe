"""What observing requests costs and how quick it is; `python -m tests.benchmarks observation`.

Three gateways with plugins and guardrails that take turns: one observes all, one leaves what it has recorded to be
delivered by `inferspect worker` elsewhere, the third observes nothing. A side's turn is all
scenarios after one another, and begins with requests that are not measured, so that what follows from requests
(shipping, tracing, scoring) goes on beside those that are, as it does in a gateway that is always busy.

Of two processes of the same program one may be quicker by a tenth for as long as it lives, so the sides are started
several times.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.langfuse import LangfuseProcess
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY
from tests.benchmarks.comparison import CONFIG, Comparison, Round, Scenario, Side, chat, upstream
from tests.benchmarks.load import Generator
from tests.benchmarks.observation_lag import lags
from tests.benchmarks.observation_none import UnobservingGateway
from tests.benchmarks.observation_store import bytes_on_disk, in_process
from tests.benchmarks.tables import spread, table

STARTS = 3
ROUNDS = 3
"""Of each start."""
NONE, ALL, ELSEWHERE = "no observation", "all on", "all on, delivered elsewhere"
MESSAGE = "Our office in {word} moves in spring. Please draft a short and polite answer to jane.doe@example.com."
"""Of 100 characters; the answer, which quotes it, has 180."""
LEAD = Scenario("before", 1, 75, chat(MESSAGE))
SCENARIOS = (
    Scenario("1 at a time", 1, 150, chat(MESSAGE)),
    Scenario("20 at once", 20, 200, chat(MESSAGE)),
    Scenario("100 at once", 100, 250, chat(MESSAGE)),
)
DELIVERED_ELSEWHERE = {"INFERSPECT_EVENTS__CONSUMERS": "worker"}
COURTESY = 19
"""What stands for a server elsewhere takes no processor that the gateway wants."""
OF_A_TURN = sum(scenario.requests for scenario in (LEAD, *SCENARIOS))


@dataclass(slots=True)
class Observed:
    """One side: its gateway, and what its processes have used in each of its turns, in seconds by kind of process."""

    gateway: GatewayProcess
    side: Side
    used: dict[str, list[float]]
    beside: Mapping[str, psutil.Process] = field(default_factory=dict)

    def times(self) -> dict[str, float]:
        """Processor seconds until now."""
        processes = self.gateway.processes()
        worker = processes["worker"]
        engine = processes["engine"]
        pools = [child for child in worker.children(recursive=True) if child != engine]
        delivering = [processes["deliveries"]] if "deliveries" in processes else []
        scoring = [child for process in delivering for child in process.children(recursive=True)]
        postgres = processes["PostgreSQL"]
        return {
            "worker": _seconds(worker),
            "its processes that scan": sum(map(_seconds, pools)),
            "process that delivers": sum(map(_seconds, delivering)),
            "processes that score": sum(map(_seconds, scoring)),
            "Prisma engine": _seconds(engine),
            "PostgreSQL": sum(map(_seconds, [postgres, *postgres.children()])) + _ended(postgres),
            **{name: _seconds(process) for name, process in self.beside.items()},
        }


def report() -> str:
    """Measure everything and describe it in Markdown."""
    with tempfile.TemporaryDirectory() as name, upstream() as url, ExitStack() as running:
        folder = Path(name)
        unobserved = folder / "unobserved.yaml"
        unobserved.write_text(yaml.safe_dump(without_observation()), encoding="utf-8")
        langfuse = running.enter_context(LangfuseProcess(folder / "langfuse"))
        demo = {"INFERSPECT_DEMO_URL": f"{url}/v1"}
        keys = {
            "LANGFUSE_BASE_URL": langfuse.url,
            "LANGFUSE_PUBLIC_KEY": PUBLIC_KEY,
            "LANGFUSE_SECRET_KEY": SECRET_KEY,
        }
        beside = {"Langfuse's stand-in": collector()}
        beside["Langfuse's stand-in"].nice(COURTESY)
        compared, relieved = Comparison(NONE, ALL), Comparison(NONE, ELSEWHERE)
        names = (NONE, ALL, ELSEWHERE)
        compared.rounds = relieved.rounds = {scenario.name: {name: [] for name in names} for scenario in SCENARIOS}
        used: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in names}
        for start in range(STARTS):
            with ExitStack() as this_time:
                starting = this_time if start < STARTS - 1 else running  # the last goes on to be measured by itself
                observing = starting.enter_context(GatewayProcess(folder / f"all-{start}", CONFIG, demo | keys))
                observed = Observed(observing, side_of(observing), used[ALL], beside)
                silent = this_time.enter_context(UnobservingGateway(folder / f"none-{start}", unobserved, demo))
                leaving = GatewayProcess(folder / f"elsewhere-{start}", CONFIG, demo | keys | DELIVERED_ELSEWHERE)
                this_time.enter_context(leaving)
                others = {
                    name: Observed(gateway, side_of(gateway), used[name], beside)
                    for name, gateway in ((NONE, silent), (ELSEWHERE, leaving))
                }
                take_turns(compared, {ALL: observed, **others})
        most = statistics.median(compared.values("20 at once", "requests_per_second")[0])
        late = lags(observing, observed.side, folder / "langfuse" / f"{PUBLIC_KEY}.jsonl", chat(MESSAGE), most)
        disk = bytes_on_disk(observing)
        rates = in_process(observing, folder)
    tables = [each for both in (relieved, compared) for each in (both.throughput(), both.latencies("p50", "p99"))]
    tables += [relieved.processor(), compared.processor(), by_process(used)]
    return "\n\n".join([*tables, rates, late, disk])


def without_observation() -> dict[str, Any]:
    """The repository's configuration without its hooks of `callbacks`, whose workers deliver nothing."""
    content: dict[str, Any] = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    settings = content["litellm_settings"]
    settings["callbacks"] = [hook for hook in settings["callbacks"] if not hook.startswith("callbacks.")]
    content["inferspect"]["events"] = {"consumers": "worker"}
    return content


def collector() -> psutil.Process:
    """The process of the collector, which this one has started."""
    children = psutil.Process().children()
    return next(child for child in children if "inferspect.testing.langfuse" in child.cmdline())


def side_of(gateway: GatewayProcess) -> Side:
    """The worker and the process that delivers, with all their processes."""
    running = gateway.processes()
    own = {name: running[name] for name in ("worker", "deliveries") if name in running}
    children = {f"{child.pid}": child for process in own.values() for child in process.children(recursive=True)}
    return Side(gateway.url, gateway.new_key(), {**own, **children})


def take_turns(compared: Comparison, sides: Mapping[str, Observed]) -> None:
    """Rounds in which each side has its turn, in an order that is reversed in every second one."""
    waited = 0.0
    with Generator() as load:
        for observed in sides.values():
            for scenario in SCENARIOS:
                load.run(observed.side.job(scenario, max(scenario.connections, 50)))
        settle(sides[ALL].gateway)
        for number in range(ROUNDS):
            for name in sorted(sides, reverse=bool(number % 2)):
                observed = sides[name]
                before = observed.times()
                load.run(observed.side.job(LEAD, LEAD.requests))
                for scenario in SCENARIOS:
                    compared.rounds[scenario.name][name].append(measured(load, observed.side, scenario))
                if name == ALL:
                    waited = settle(observed.gateway)
                else:
                    time.sleep(waited)  # the other sides' times have so much of LiteLLM's own background work in them
                for kind, seconds in observed.times().items():
                    observed.used[kind].append((seconds - before[kind]) * 1000 / OF_A_TURN)


def measured(load: Generator, side: Side, scenario: Scenario) -> Round:
    before = side.processor_seconds()
    figures = load.run(side.job(scenario, scenario.requests))
    return Round(figures, (side.processor_seconds() - before) * 1000 / scenario.requests)


def settle(gateway: GatewayProcess) -> float:
    """Wait until every request has been stored, traced and scored; returns the seconds that took."""
    began = time.monotonic()
    statement = (
        "SELECT (SELECT count(*) FROM inferspect.events WHERE NOT complete)"
        " + (SELECT count(*) FROM inferspect.deliveries WHERE dead_at IS NULL) AS waiting"
    )
    spools = gateway.home / "spool"
    while gateway.query(statement)[0]["waiting"] or any(map(holds_events, spools.glob("*.spool"))):
        time.sleep(0.1)
    return time.monotonic() - began


def holds_events(spool: Path) -> bool:
    """Whether anything waits in a spool that another process writes."""
    with closing(sqlite3.connect(f"file:{spool}?mode=ro", uri=True)) as database:
        return bool(database.execute("SELECT EXISTS (SELECT 1 FROM events)").fetchone()[0])


def by_process(used: Mapping[str, Mapping[str, list[float]]]) -> str:
    """Processor time of whole turns, with all that came after their requests."""
    lines = []
    for kind in used[NONE]:
        middles = [f"{statistics.median(used[side][kind]):.2f}" for side in (NONE, ELSEWHERE, ALL)]
        lines.append(f"| {kind} | {' | '.join(middles)} | {spread(used[ALL][kind], '.2f')} |")
    head = f"processor milliseconds a request, with all that followed | {NONE} | {ELSEWHERE} | {ALL} | of its rounds"
    return table(head, lines)


def _seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return float(used.user + used.system)


def _ended(process: psutil.Process) -> float:
    """What children have used that are gone."""
    used = process.cpu_times()
    return float(used.children_user + used.children_system)
