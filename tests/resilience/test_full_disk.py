"""A disk that fills up while the gateway serves: requests are refused in words, and none that was answered is lost."""

from __future__ import annotations

import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import psycopg
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.resilience.conftest import deployment
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


def test_what_was_under_way_when_the_disk_filled_up_outlives_a_kill(
    small_disk: SmallDisk, tmp_path: Path, upstream: UpstreamSimulator
) -> None:
    """A stream that came to its end while the disk was full is a success, although its worker dies at once."""
    small_disk.mount("300m")
    content = yaml.safe_load((ROOT / "litellm_config.yaml").read_text(encoding="utf-8"))
    content["model_list"].append(deployment(upstream, "slow", "tokens-40+speed-10tps"))
    config = tmp_path / "litellm_config.yaml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    with GatewayProcess(small_disk.folder, config) as gateway:
        body = {**BODY, "model": "slow", "stream": True}
        with (
            gateway.client(gateway.new_key()) as client,
            client.stream("POST", "/v1/chat/completions", json=body) as response,
        ):
            lines = response.iter_lines()
            next(lines)
            small_disk.fill()
            last = [line for line in lines if line][-1]
        gateway.processes()["worker"].send_signal(signal.SIGKILL)
        assert last == "data: [DONE]"
        small_disk.make_room()
        rows: list[dict[str, Any]] = []
        while not rows or not rows[0]["complete"]:
            time.sleep(0.5)
            with suppress(psycopg.OperationalError):  # its disk was full, too
                rows = gateway.query("SELECT * FROM inferspect.events WHERE id = %s", response.headers["x-request-id"])
        assert [(row["result"], row["status"]) for row in rows] == [("success", 200)]
