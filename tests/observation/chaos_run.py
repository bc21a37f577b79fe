"""One run of the chaos, from a fresh gateway to the moment when nothing moves any more, and what is there then."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.langfuse import LangfuseProcess, Trace
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY
from inferspect.testing.upstream import UpstreamSimulator
from tests.observation.chaos_acts import Chaos, Scale, Scene, Timeline, workers_of
from tests.observation.chaos_clients import Asked, Clients
from tests.resilience.disk import SmallDisk
from tests.resilience.external import ExternalPostgres, ExternalRedis

ROOT = Path(__file__).parents[2]
GOOD = "chaos"
BROKEN = "chaos-broken"
MODELS = (*(GOOD,) * 19, BROKEN)
DISK = "300m"
WARM_UP = 200
MARK = re.compile(r"chaos-\d+-\d+")
STILL = 5.0  # seconds in which nothing moved, after which it is over
STALLED_AFTER = 120.0  # seconds in which nothing moved although something waits and nothing is due later
FIGURES = {
    "events": "SELECT count(*) FROM inferspect.events",
    "revisions": "SELECT coalesce(sum(revision), 0) FROM inferspect.events",
    "usage": "SELECT count(*) FROM inferspect.usage",
    "audit": "SELECT count(*) FROM inferspect.audit_log",
    "scores": "SELECT count(*) FROM inferspect.scores",
    "waiting": "SELECT count(*) FROM inferspect.deliveries WHERE dead_at IS NULL",
    "attempts": "SELECT coalesce(sum(attempts), 0) FROM inferspect.deliveries",
    "due_later": "SELECT count(*) FROM inferspect.deliveries WHERE dead_at IS NULL AND due_at > now()",
}


@dataclass(slots=True)
class Aftermath:
    """What was there when it was over.

    Attributes:
        reached: marks of the requests that came to the provider.
        events: rows by mark; ``usage``, ``audit``, ``scores``: rows by request id.
        memory: bytes of a worker, on average, before and after.
        verified: exit status and output of ``inferspect audit verify``.
    """

    asked: list[Asked]
    reached: set[str]
    timeline: Timeline
    events: dict[str, list[dict[str, Any]]]
    usage: dict[str, list[dict[str, Any]]]
    audit: dict[str, list[dict[str, Any]]]
    scores: dict[str, list[dict[str, Any]]]
    dead_letters: list[dict[str, Any]]
    traces: dict[str, Trace]
    memory: tuple[float, float]
    verified: tuple[int, str]

    def answered(self) -> Iterator[tuple[Asked, dict[str, Any]]]:
        """Requests that a client saw answered and that the gateway had accepted, each with its one event."""
        for one in self.asked:
            if one.answered and not one.unkept:
                rows = self.events.get(one.mark, [])
                if len(rows) == 1:
                    yield one, rows[0]


@contextmanager
def scene(folder: Path) -> Iterator[tuple[Scene, UpstreamSimulator]]:
    """A gateway of two workers with PostgreSQL, Redis, Langfuse and a provider that are not its own."""
    with ExitStack() as stack:
        upstream = stack.enter_context(UpstreamSimulator())
        collector = stack.enter_context(LangfuseProcess(folder / "langfuse"))
        postgres = ExternalPostgres(folder / "postgres")
        stack.callback(postgres.stop)
        redis = ExternalRedis(folder / "redis")
        stack.callback(redis.stop)
        disk: SmallDisk | None = SmallDisk(folder / "disk")
        home = folder / "disk"
        try:
            disk.mount(DISK)  # type: ignore[union-attr]
            stack.callback(disk.unmount)  # type: ignore[union-attr]
        except pytest.skip.Exception:
            disk = None
        gateway = stack.enter_context(
            GatewayProcess(home, _configuration(folder, upstream), _environment(postgres, redis, collector))
        )
        yield Scene(gateway, postgres, redis, collector, disk), upstream


def _configuration(folder: Path, upstream: UpstreamSimulator) -> Path:
    content = yaml.safe_load((ROOT / "litellm_config.yaml").read_text(encoding="utf-8"))
    prices = {"input_cost_per_token": 0.000001, "output_cost_per_token": 0.000002}
    for name, command in (
        (GOOD, "latency-uniform-10ms-300ms+tokens-40+speed-200tps"),
        (BROKEN, "error-500"),
    ):
        parameters = {"model": f"openai/{command}", "api_base": f"{upstream.url}/v1", "api_key": "none"}
        content["model_list"].append({"model_name": name, "litellm_params": parameters, "model_info": prices})
    path = folder / "litellm_config.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def _environment(postgres: ExternalPostgres, redis: ExternalRedis, collector: LangfuseProcess) -> dict[str, str]:
    return {
        "DATABASE_URL": postgres.url,
        "REDIS_URL": redis.url,
        "NUM_WORKERS": "2",
        "LANGFUSE_BASE_URL": collector.url,
        "LANGFUSE_PUBLIC_KEY": PUBLIC_KEY,
        "LANGFUSE_SECRET_KEY": SECRET_KEY,
    }


def run(folder: Path, scale: Scale, seed: int) -> Aftermath:
    """Everything from start to stop; prints the seed, the timeline and figures."""
    with scene(folder) as (place, upstream):
        gateway, reached = place.gateway, set[str]()
        key = gateway.new_key()
        with Clients(gateway.url, key, MODELS, seed - 1, pause=0.0) as before:
            before.wait_for(WARM_UP)
        _settle(gateway, Timeline(before.now))
        memory = _memory(gateway)
        upstream.clear()
        clients = Clients(gateway.url, key, MODELS, seed, scale.pause)
        timeline = Timeline(clients.now)
        with _witness(upstream, reached), clients:
            clients.wait_for(clients.clients)
            Chaos(place, scale, timeline, seed).run()
            timeline.note("the last act is over")
            clients.wait_for(scale.requests)
        timeline.note("the clients have left")
        _settle(gateway, timeline)
        after = _memory(gateway)
        timeline.note("nothing moves any more")
        for log in ("gateway.log", "deliveries.log"):
            shutil.copy(gateway.home / "logs" / log, folder)
        seen = Counter((one.status, one.code, one.why) for one in clients.asked)
        told = [f"CHAOS_SEED={seed}; the log is in {folder}", timeline, seen, f"bytes of a worker: {memory} -> {after}"]
        print("", *told, sep="\n")  # noqa: T201  for whoever reads the test's output
        return Aftermath(
            asked=clients.asked,
            reached=reached,
            timeline=timeline,
            events=_by(gateway, "client_request_id", "SELECT * FROM inferspect.events"),
            usage=_by(gateway, "id", "SELECT * FROM inferspect.usage"),
            audit=_by(gateway, "event_id", "SELECT * FROM inferspect.audit_log WHERE kind = 'request'"),
            scores=_by(gateway, "id", "SELECT * FROM inferspect.scores"),
            dead_letters=gateway.query("SELECT * FROM inferspect.deliveries WHERE dead_at IS NOT NULL"),
            traces=place.collector.traces(),
            memory=(memory, after),
            verified=_verify(place),
        )


@contextmanager
def _witness(upstream: UpstreamSimulator, reached: set[str]) -> Iterator[None]:
    """Note which requests come to the provider; it remembers the newest thousand only."""
    over = threading.Event()

    def look() -> None:
        for request in upstream.received:
            reached.update(MARK.findall(request.text))

    def watch() -> None:
        while not over.wait(0.5):
            look()

    thread = threading.Thread(target=watch, name="witness")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        look()


def _settle(gateway: GatewayProcess, timeline: Timeline) -> None:
    """Until all spools are empty, all deliveries made and nothing moves; or nothing moves although it should."""
    seen: dict[str, int] = {}
    moved = time.monotonic()
    while True:
        try:
            figures = {name: int(gateway.query(query)[0].popitem()[1]) for name, query in FIGURES.items()}
        except psycopg.OperationalError:
            time.sleep(0.5)
            continue
        figures["spooled"] = _spooled(gateway)
        if figures != seen or figures["due_later"]:
            seen, moved = figures, time.monotonic()
        still = time.monotonic() - moved
        if not figures["waiting"] and not figures["spooled"] and still > STILL:
            timeline.note(f"settled: {figures}")
            return
        if still > STALLED_AFTER:
            timeline.note(f"stalled: {figures}")
            return
        time.sleep(1)


def _spooled(gateway: GatewayProcess) -> int:
    """Events that wait on disk, in the spools of live workers and of dead ones."""
    waiting = 0
    for path in (gateway.home / "spool").glob("*.spool"):
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as spool:
            waiting += int(spool.execute("SELECT count(*) FROM events").fetchone()[0])
    return waiting


def _memory(gateway: GatewayProcess) -> float:
    workers = workers_of(gateway)
    return sum(worker.memory_info().rss for worker in workers) / len(workers)


def _by(gateway: GatewayProcess, column: str, query: str) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in gateway.query(query):
        rows[str(row[column])].append(row)
    return dict(rows)


def _verify(place: Scene) -> tuple[int, str]:
    environment = {**os.environ, "INFERSPECT_HOME": str(place.gateway.home), "DATABASE_URL": place.postgres.url}
    command = [sys.executable, "-m", "inferspect", "audit", "verify"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr
