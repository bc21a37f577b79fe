"""Events that a process beside the gateway's workers delivers."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import psutil
import pytest
import yaml

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.gateway.test_metrics import ask, total, wait_for
from tests.running_gateway import QUICK, configuration

SCORED = "inferspect_quality_responses_total"


@pytest.fixture(scope="module")
def apart(upstream: UpstreamSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("apart")
    config = folder / "litellm_config.yaml"
    config.write_text(yaml.safe_dump(configuration(upstream)), encoding="utf-8")
    with GatewayProcess(folder, config, QUICK) as running:
        yield running


def once(found: Callable[[], Any]) -> Any:
    while not (value := found()):
        time.sleep(0.1)
    return value


def scoring(process: psutil.Process) -> list[psutil.Process]:
    """Children that score."""
    found = []
    for child in process.children(recursive=True):
        with suppress(psutil.Error):
            if "callbacks.quality.pool_worker" in child.cmdline():
                found.append(child)
    return found


def runs(process: psutil.Process) -> bool:
    """A grandchild that ended stays a zombie for as long as the machine's init takes to reap it."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def scores(gateway: GatewayProcess) -> int:
    return int(gateway.query("SELECT count(*) AS number FROM inferspect.scores")[0]["number"])


def test_answers_are_scored_beside_the_worker(apart: GatewayProcess) -> None:
    """Which scores nothing itself; figures of both are told together."""
    ask(apart, apart.new_key(), times=3)
    once(lambda: scores(apart) == 3)
    processes = apart.processes()
    assert scoring(processes["deliveries"])
    assert not scoring(processes["gateway"])
    told = wait_for(apart, lambda told: total(told, SCORED, outcome="scored") == 3)
    assert total(told, "inferspect_requests_total", api="chat", result="success") == 3


def test_a_killed_process_is_followed_by_another_that_loses_nothing(apart: GatewayProcess) -> None:
    """And counts on from the figures of the first."""
    before = scores(apart)
    killed = apart.processes()["deliveries"]
    killed.send_signal(signal.SIGKILL)
    ask(apart, apart.new_key(), times=2)
    once(lambda: scores(apart) == before + 2)
    assert apart.processes()["deliveries"] != killed
    wait_for(apart, lambda told: total(told, SCORED, outcome="scored") == before + 2)


def test_no_process_is_left_when_the_gateway_stops(upstream: UpstreamSimulator, apart: GatewayProcess) -> None:
    """The last test of the module: it stops its gateway."""
    family = psutil.Process(apart.launcher.pid).children(recursive=True)
    assert apart.stop() == 0
    assert [process for process in family if runs(process)] == []
