"""Any process may be killed at any time: service comes back by itself and every answered request has one event."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections import Counter
from contextlib import suppress
from typing import Any

import httpx
import psutil
import psycopg
import pytest

from inferspect.testing.gateway import GatewayProcess
from tests.resilience.load import Load

BODY = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}
ANSWERED_BEFORE_KILL = 40


def kill(process: psutil.Process) -> float:
    process.send_signal(signal.SIGKILL)
    return time.monotonic()


def assert_one_event_each(gateway: GatewayProcess, load: Load) -> None:
    answered = {answer.request_id for answer in load.answers if answer.request_id}
    assert answered
    missing = answered
    while missing:  # events wait in the spool until they are shipped; a lost one would keep us here
        with suppress(psycopg.OperationalError):  # it recovers; requests of known keys succeed meanwhile
            counts = Counter(str(row["id"]) for row in gateway.query("SELECT id FROM inferspect.events"))
            missing = answered - counts.keys()
        time.sleep(0.2)
    assert {counts[request_id] for request_id in answered} == {1}


def is_spooled(gateway: GatewayProcess, own_id: str) -> bool:
    """Whether a request is on disk; spools of the dead are deleted meanwhile."""
    for file in (gateway.home / "spool").glob("*.spool*"):
        with suppress(FileNotFoundError):
            if own_id.encode() in file.read_bytes():
                return True
    return False


@pytest.mark.parametrize("victim", ["engine", "PostgreSQL", "Redis", "worker"])
def test_service_recovers_from_the_death_of_a_process(gateway: GatewayProcess, key: str, victim: str) -> None:
    """Under load, requests succeed again after a kill and no event is lost or doubled."""
    with Load(gateway.url, key, BODY) as load:
        load.wait_for_success(time.monotonic(), ANSWERED_BEFORE_KILL)
        load.wait_for_success(kill(gateway.processes()[victim]))
        load.wait_for_success(time.monotonic(), ANSWERED_BEFORE_KILL)
    assert_one_event_each(gateway, load)


def test_a_request_whose_worker_dies_while_the_provider_thinks_is_unknown(gateway: GatewayProcess, key: str) -> None:
    """It was recorded before the provider was called, by whom and to which deployment; nobody can tell how it ended."""
    own_id = f"mine-{uuid.uuid4().hex}"

    def ask() -> None:
        body: dict[str, Any] = {"model": "thinking", "messages": [{"role": "user", "content": "hello"}]}
        with gateway.client(key) as client, suppress(httpx.HTTPError):
            client.post("/v1/chat/completions", json=body, headers={"x-request-id": own_id})

    asking = threading.Thread(target=ask)
    asking.start()
    while not is_spooled(gateway, own_id):
        time.sleep(0.05)
    kill(gateway.processes()["worker"])
    asking.join()
    rows: list[dict[str, Any]] = []
    while not (rows and rows[0]["complete"]):
        rows = gateway.query("SELECT * FROM inferspect.events WHERE client_request_id = %s", own_id)
        time.sleep(0.2)
    (event,) = rows
    assert (event["result"], event["status"], event["cost"]) == ("unknown", 0, None)
    assert event["tenant_id"] is not None
    assert [attempt["deployment_id"] for attempt in event["attempts"]] == ["thinking-hang"]


def test_a_killed_launcher_leaves_no_process_and_its_next_start_recovers(gateway: GatewayProcess, key: str) -> None:
    """The kill takes all services down; the next start adopts what they left, without a hand."""
    with Load(gateway.url, key, BODY) as load:
        load.wait_for_success(time.monotonic(), ANSWERED_BEFORE_KILL)
        family = psutil.Process(gateway.launcher.pid).children(recursive=True)
        gateway.launcher.kill()
        gateway.launcher.wait()
        psutil.wait_procs(family)
    gateway.start()
    assert_one_event_each(gateway, load)
