"""The database may be away: requests go on, and their events follow when it is back."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from inferspect.testing.gateway import GatewayProcess
from tests.resilience.external import ExternalPostgres

ROOT = Path(__file__).parents[2]
BODY = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}
OUTAGE = 60.0


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[ExternalPostgres]:
    server = ExternalPostgres(tmp_path / "external")
    yield server
    server.stop()


def test_known_keys_keep_working_and_events_arrive_later(postgres: ExternalPostgres, tmp_path: Path) -> None:
    """For a minute without database every request of a known key succeeds; all events are there afterwards."""
    settings = {"DATABASE_URL": postgres.url, "INFERSPECT_EMBEDDED__REDIS": "false"}
    with GatewayProcess(tmp_path / "gateway", ROOT / "litellm_config.yaml", settings) as gateway:
        assert not (gateway.home / "postgres").exists()
        key = gateway.new_key()
        answered = []
        with gateway.client(key) as client:
            client.post("/v1/chat/completions", json=BODY).raise_for_status()
            postgres.stop()
            ended = time.monotonic() + OUTAGE
            while time.monotonic() < ended:
                answered.append(client.post("/v1/chat/completions", json=BODY))
                time.sleep(1)
            health = client.get("/inferspect/health").json()
            postgres.start()
        assert {response.status_code for response in answered} == {httpx.codes.OK}
        assert health["status"] == "degraded"
        assert health["components"]["database"]["ok"] is False
        ids = {response.headers["x-request-id"] for response in answered}
        while ids - {str(row["id"]) for row in gateway.events(len(ids))}:
            time.sleep(0.5)


def workers(gateway: GatewayProcess) -> list[psutil.Process]:
    """The gateway's workers, without their engines."""
    main = gateway.processes()["worker"].parent()
    assert main is not None
    living = []
    for child in main.children():
        with suppress(psutil.NoSuchProcess):  # it has just ended
            if "gateway_server" in " ".join(child.cmdline()):
                living.append(child)
    return living


def test_a_worker_that_dies_meanwhile_does_not_take_the_others_down(postgres: ExternalPostgres, tmp_path: Path) -> None:
    """The one that lives serves on; the one that follows waits for the database, and then serves, too."""
    settings = {"DATABASE_URL": postgres.url, "INFERSPECT_EMBEDDED__REDIS": "false", "NUM_WORKERS": "2"}
    with GatewayProcess(tmp_path / "gateway", ROOT / "litellm_config.yaml", settings) as gateway:
        key = gateway.new_key()
        while gateway.log().count("worker ready for LiteLLM") < 2:
            time.sleep(0.1)
        first = workers(gateway)
        for other in first:  # each is held up while the key is told to the other one
            other.suspend()
            with gateway.client(key) as client:
                client.post("/v1/chat/completions", json=BODY).raise_for_status()
            other.resume()
        postgres.stop()
        first[0].send_signal(signal.SIGKILL)
        while "waiting for the database" not in gateway.log():
            time.sleep(0.1)
        for _ in range(20):
            with gateway.client(key) as client:
                assert client.post("/v1/chat/completions", json=BODY).status_code == httpx.codes.OK
        postgres.start()
        while gateway.log().count("worker ready for LiteLLM") < 3:
            time.sleep(0.1)
        assert first[1] in workers(gateway)
        assert len(workers(gateway)) == 2
