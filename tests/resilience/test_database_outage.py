"""The database may be away: requests go on, and their events follow when it is back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
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
