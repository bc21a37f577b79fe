"""``inferspect worker`` as a process, with the tutorial's consumer installed beside it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from inferspect.launcher.ports import free_port
from tests.events.serving import Recording, deliveries, event, store, until

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "docs" / "examples" / "tell_refusals.py"
READY = "worker delivers events"


class Receiver:
    """Keeps what it is told; answers with the statuses in ``answers`` first, then with 200."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[int] = []
        self.hold = threading.Event()
        self.hold.set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.told.append((self.headers["Idempotency-Key"], body))
                receiver.hold.wait()
                status = receiver.answers.pop(0) if receiver.answers else 200
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except ConnectionError:
                    pass  # the worker was killed meanwhile

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.hold.set()
    made.server.shutdown()
    thread.join()
    made.server.server_close()


class Worker:
    """A process that was started; what it says goes to a file."""

    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._output = output

    def said(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def wait_until_ready(self) -> None:
        while READY not in self.said():
            assert self.process.poll() is None, self.said()
            time.sleep(0.05)

    def end(self, sign: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        return self.process.wait()


@pytest.fixture
def start(tmp_path: Path, store_url: str, receiver: Receiver) -> Iterator[Callable[..., Worker]]:
    """Starts workers, with the example as an installed package."""
    installed = tmp_path / "installed"
    package = installed / "tell_refusals-1.dist-info"
    package.mkdir(parents=True)
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: tell-refusals\nVersion: 1\n", encoding="utf-8")
    (package / "entry_points.txt").write_text(
        "[inferspect.observers]\nrefusals = tell_refusals:start\n", encoding="utf-8"
    )
    (installed / "tell_refusals.py").symlink_to(EXAMPLE)
    config = tmp_path / "litellm_config.yaml"
    config.write_text("model_list: []\n", encoding="utf-8")
    environment = {
        **os.environ,
        "DATABASE_URL": store_url,
        "INFERSPECT_CONFIG": str(config),
        "INFERSPECT_HOME": str(tmp_path / "home"),
        "REFUSALS_URL": receiver.url,
        "LITELLM_SALT_KEY": "sk-" + "salt" * 4,
        "PYTHONPATH": str(installed),
    }
    workers: list[Worker] = []

    def start_one(*options: str, **more: str) -> Worker:
        output = tmp_path / f"worker-{len(workers)}.log"
        with output.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "inferspect", "worker", *options],
                env={**environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        workers.append(Worker(process, output))
        return workers[-1]

    yield start_one
    for worker in workers:
        if worker.process.poll() is None:
            worker.process.kill()
            worker.process.wait()


async def refused(engine: AsyncEngine, count: int) -> list[str]:
    """Store events of refused requests, for the example to tell of."""
    stored = await store(
        engine, Recording("refusals"), *(event(result="blocked", code="no", tenant_id="t") for _ in range(count))
    )
    return [one.id for one in stored]


async def all_delivered(engine: AsyncEngine, worker: Worker) -> None:
    async def delivered() -> bool:
        assert worker.process.poll() is None, worker.said()
        return not [row for row in await deliveries(engine) if row["consumer"] == "refusals"]

    await until(delivered)


async def test_a_worker_delivers_what_gateways_have_stored(
    engine: AsyncEngine, receiver: Receiver, start: Callable[..., Worker]
) -> None:
    """Also what the receiver did not take at first. It ends by itself when told to, with status 0."""
    ids = await refused(engine, 30)
    receiver.answers = [503, 200, 500]
    worker = start()
    await all_delivered(engine, worker)
    assert {identity for identity, _ in receiver.told} == set(ids)
    assert len(receiver.told) == 32
    assert receiver.told[0][1] == {"tenant": "t", "code": "no", "model": None}
    assert await asyncio.to_thread(worker.end) == 0
    assert "worker stops" in worker.said()
    assert "Traceback" not in worker.said()


async def test_what_a_killed_worker_had_taken_is_delivered_by_another(
    engine: AsyncEngine, receiver: Receiver, start: Callable[..., Worker]
) -> None:
    """When its lease has run out; and the other leads in its place."""
    ids = await refused(engine, 60)
    receiver.hold.clear()
    first = start()
    while not receiver.told:
        assert first.process.poll() is None, first.said()
        await asyncio.sleep(0.05)
    await asyncio.to_thread(first.end, signal.SIGKILL)
    receiver.hold.set()
    second = start()
    await asyncio.to_thread(second.wait_until_ready)
    while len(await deliveries(engine)) > 20:  # the batch of the dead one is left, under its lease
        await asyncio.sleep(0.05)
    assert {row["id"] for row in await deliveries(engine)}.isdisjoint({identity for identity, _ in receiver.told[1:]})
    with psycopg.connect(
        str(engine.url.set(drivername="postgresql").render_as_string(hide_password=False))
    ) as connection:
        connection.execute("UPDATE inferspect.deliveries SET due_at = now()")  # as when time had passed
    await all_delivered(engine, second)
    assert {identity for identity, _ in receiver.told} == set(ids)
    while '"work": "events"' not in second.said():
        await asyncio.sleep(0.05)


async def test_a_worker_shows_metrics_where_it_is_told_to(
    engine: AsyncEngine, receiver: Receiver, start: Callable[..., Worker]
) -> None:
    """By consumer: what it has delivered, and how late."""
    await refused(engine, 3)
    port = free_port()
    worker = start("--metrics-port", str(port))
    await asyncio.to_thread(worker.wait_until_ready)
    await all_delivered(engine, worker)
    async with httpx.AsyncClient() as client:
        while True:
            text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
            if 'inferspect_delivery_lag_seconds_count{consumer="refusals"} 3.0' in text:
                break
            await asyncio.sleep(0.05)
    assert 'inferspect_deliveries_total{consumer="refusals",outcome="done"} 3.0' in text


@pytest.mark.parametrize(
    ("variable", "says"),
    [("DATABASE_URL", "DATABASE_URL is not set"), ("LITELLM_SALT_KEY", "An observer cannot start")],
)
def test_what_is_missing_is_said(start: Callable[..., Worker], variable: str, says: str) -> None:
    """Without a traceback; whoever runs it sees the status."""
    worker = start(**{variable: ""})
    assert worker.process.wait() == 1
    assert says in worker.said()
    assert "Traceback" not in worker.said()
