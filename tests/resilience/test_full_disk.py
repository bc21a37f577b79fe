"""A disk that fills up while the gateway serves: requests are refused in words, and none that was answered is lost."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from inferspect.testing.gateway import GatewayProcess
from tests.resilience.disk import SmallDisk

ROOT = Path(__file__).parents[2]
BODY = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}


def test_requests_are_refused_while_the_disk_is_full_and_served_when_there_is_room(small_disk: SmallDisk) -> None:
    small_disk.mount("300m")
    with GatewayProcess(small_disk.folder, ROOT / "litellm_config.yaml") as gateway:
        key = gateway.new_key()
        with gateway.client(key) as client:
            answered = [client.post("/v1/chat/completions", json=BODY).raise_for_status()]
            small_disk.fill()
            refused = None
            while refused is None:
                response = client.post("/v1/chat/completions", json=BODY)
                if response.status_code == httpx.codes.OK:
                    answered.append(response)
                elif response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                    refused = response
            small_disk.make_room()
            while (response := client.post("/v1/chat/completions", json=BODY)).status_code != httpx.codes.OK:
                time.sleep(0.5)
            answered.append(response)
        assert refused.json()["error"]["code"] == "event_spool_unavailable"
        ids = {response.headers["x-request-id"] for response in answered}
        while ids - {str(row["id"]) for row in gateway.events(len(ids))}:
            time.sleep(0.5)
