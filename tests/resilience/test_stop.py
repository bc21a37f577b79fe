"""Stopping: everything ends, whatever is still going on."""

from __future__ import annotations

from pathlib import Path

import psutil
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.resilience.conftest import deployment

ROOT = Path(__file__).parents[2]


def test_the_gateway_stops_while_a_client_waits_for_a_provider_that_hangs(
    tmp_path: Path, upstream: UpstreamSimulator
) -> None:
    """Ctrl-C ends the launcher with status 0 and leaves no process, and the event of an open stream is kept."""
    content = yaml.safe_load((ROOT / "litellm_config.yaml").read_text(encoding="utf-8"))
    content["model_list"].append(deployment(upstream, "endless", "hang-stream-after-3"))
    config = tmp_path / "litellm_config.yaml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    gateway = GatewayProcess(tmp_path, config)
    with gateway, gateway.client(gateway.new_key()) as client:
        body = {"model": "endless", "stream": True, "messages": [{"role": "user", "content": "hello"}]}
        with client.stream("POST", "/v1/chat/completions", json=body) as stream:
            request_id = stream.headers["x-request-id"]
            next(stream.iter_lines())
            family = psutil.Process(gateway.launcher.pid).children(recursive=True)
            assert gateway.stop() == 0
    assert [process for process in family if _runs(process)] == []
    with gateway:
        assert request_id in {str(row["id"]) for row in gateway.events(1)}


def _runs(process: psutil.Process) -> bool:
    """A grandchild that ended stays a zombie for as long as the machine's init takes to reap it."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
