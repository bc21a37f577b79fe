"""A gateway for tests that kill its parts; each test leaves it serving."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.resilience.disk import SmallDisk

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def upstream() -> Iterator[UpstreamSimulator]:
    with UpstreamSimulator() as simulator:
        yield simulator


def deployment(upstream: UpstreamSimulator, group: str, command: str, **parameters: Any) -> dict[str, Any]:
    """A deployment of a model group that behaves as the simulator is commanded."""
    return {
        "model_name": group,
        "litellm_params": {
            "model": f"openai/{command}",
            "api_base": f"{upstream.url}/v1",
            "api_key": "none",
            **parameters,
        },
        "model_info": {"id": f"{group}-{command}"},
    }


@pytest.fixture(scope="session")
def gateway(upstream: UpstreamSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("resilience")
    content = yaml.safe_load((ROOT / "litellm_config.yaml").read_text(encoding="utf-8"))
    for group, bad in (("failing", "error-500"), ("hanging", "hang"), ("cutting", "cut-stream-after-3")):
        content["model_list"] += [
            deployment(upstream, group, bad, timeout=1, stream_timeout=1),
            deployment(upstream, group, "demo"),
        ]
    content["model_list"] += [
        deployment(upstream, "thinking", "hang", timeout=600),
        deployment(upstream, "recovering", "flaky", cooldown_time=20),
        deployment(upstream, "recovering", "demo"),
        deployment(upstream, "broken", "error-503"),
        deployment(upstream, "limited", "error-429-retry-after-1-every-2"),
    ]
    content["router_settings"]["fallbacks"].append({"broken": ["limited", "demo"]})
    content["router_settings"]["cooldown_time"] = 3
    config = folder / "litellm_config.yaml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    with GatewayProcess(folder, config) as running:
        yield running


@pytest.fixture(scope="session")
def key(gateway: GatewayProcess) -> str:
    return gateway.new_key()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "disk")
    yield disk
    disk.unmount()
