"""One real gateway for the tests of all folders, and a simulator of its own whose behaviour tests command by model.

Any model named ``sim/<behaviour>`` goes to the simulator as ``<behaviour>``, such as ``sim/echo``; it speaks OpenAI's
APIs, and as ``sim-anthropic/<behaviour>`` Anthropic's.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator

ROOT = Path(__file__).parents[1]
QUICK = {"INFERSPECT_EVENTS__SHIP_EVERY": "0.1"}  # seconds, as many tests wait for their events


@pytest.fixture(scope="session")
def upstream() -> Iterator[UpstreamSimulator]:
    with UpstreamSimulator() as simulator:
        yield simulator


def configuration(upstream: UpstreamSimulator, **changes: Any) -> dict[str, Any]:
    """The repository's configuration with the simulator's models, and ``changes`` laid over its sections."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "litellm_config.yaml").read_text(encoding="utf-8"))
    content["model_list"] += [
        {
            "model_name": "sim/*",
            "litellm_params": {"model": "openai/*", "api_base": f"{upstream.url}/v1", "api_key": "none"},
        },
        {
            "model_name": "sim-anthropic/*",
            "litellm_params": {"model": "anthropic/*", "api_base": upstream.url, "api_key": "none"},
        },
    ]
    for section, values in changes.items():
        content[section] = {**content.get(section, {}), **values}
    return content


@pytest.fixture(scope="session")
def gateway(upstream: UpstreamSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("gateway")
    config = folder / "litellm_config.yaml"
    config.write_text(yaml.safe_dump(configuration(upstream)), encoding="utf-8")
    with GatewayProcess(folder, config, QUICK) as running:
        yield running


@pytest.fixture(scope="session")
def event_of(gateway: GatewayProcess) -> Callable[[str], dict[str, Any]]:
    """Waits for the complete event of the request whose ``x-request-id`` was sent with a response."""

    def wait(request_id: str) -> dict[str, Any]:
        while True:
            rows = gateway.query("SELECT * FROM inferspect.events WHERE id = %s", uuid.UUID(request_id))
            if rows and rows[0]["complete"]:
                return rows[0]
            time.sleep(0.1)

    return wait


@pytest.fixture(scope="session")
def key(gateway: GatewayProcess) -> str:
    """A key of a tenant that has the default rules."""
    return gateway.new_key()


@pytest.fixture
def scripted(upstream: UpstreamSimulator) -> Iterator[UpstreamSimulator]:
    """The simulator for a test that gives it a script or behaviours; without them again afterwards."""
    yield upstream
    upstream.reset()
