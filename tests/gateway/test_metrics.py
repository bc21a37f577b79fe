"""Figures of a real gateway with two workers, LiteLLM's own Prometheus callback among its callbacks."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import httpx
import psutil
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.running_gateway import QUICK, configuration

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]
PLANTED = "jane.doe@planted.example"


@pytest.fixture(scope="module")
def measured(upstream: UpstreamSimulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    folder = tmp_path_factory.mktemp("measured")
    config = folder / "litellm_config.yaml"
    content = configuration(upstream)
    content["litellm_settings"]["callbacks"].append("prometheus")
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    variables = {"NUM_WORKERS": "2", "INFERSPECT_METRICS__TENANTS": "3"}
    with GatewayProcess(folder, config, {**QUICK, **variables}) as running:
        yield running


def figures(gateway: GatewayProcess, path: str = "/metrics", key: str | None = None) -> Figures:
    with gateway.client(key) as client:
        text = client.get(path, follow_redirects=True).raise_for_status().text
    assert not [line for line in text.splitlines() if line.startswith("inferspect_") and PLANTED in line]
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(told: Figures, name: str, **labels: str) -> float:
    """The sum of all parts of a metric that have these labels."""
    return sum(value for (other, having), value in told.items() if other == name and set(labels.items()) <= set(having))


def wait_for(gateway: GatewayProcess, reached: Callable[[Figures], bool]) -> Figures:
    while True:
        with suppress(httpx.TransportError):  # a worker was killed
            if reached(told := figures(gateway)):
                return told
        time.sleep(0.2)


def wait_for_requests(gateway: GatewayProcess, alias: str, number: int) -> Figures:
    return wait_for(gateway, lambda told: total(told, "inferspect_tenant_requests_total", tenant_alias=alias) >= number)


def ask(gateway: GatewayProcess, key: str, model: str = "sim/echo", times: int = 1) -> None:
    """Each on a connection of its own, so that both workers get some."""
    body = {"model": model, "messages": [{"role": "user", "content": PLANTED}], "user": PLANTED}

    def once(_number: int) -> None:
        with gateway.client(key) as client:
            client.post("/v1/chat/completions", json=body)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(once, range(times)))


def ask_when_there_is_a_worker(gateway: GatewayProcess, key: str, times: int) -> None:
    """The main process listens all the while, so requests wait for the next worker; a reset is tried again."""
    for _ in range(times):
        while True:
            try:
                ask(gateway, key)
                break
            except httpx.TransportError:
                time.sleep(0.2)


def workers(gateway: GatewayProcess) -> list[psutil.Process]:
    living = []
    for child in gateway.processes()["gateway"].children():
        with suppress(psutil.Error):  # it has just ended
            if "gateway_server" in " ".join(child.cmdline()):
                living.append(child)
    return living


def test_requests_of_all_workers_are_told_by_either(measured: GatewayProcess) -> None:
    """Beside LiteLLM's own figures, on its route."""
    key = measured.new_key(team_alias="first")
    ask(measured, key, times=40)
    ask(measured, key, model=PLANTED, times=2)
    told = wait_for_requests(measured, "first", 42)
    assert total(told, "inferspect_requests_total", api="chat", result="success", status="200") == 40
    assert total(told, "inferspect_model_requests_total", model="sim/*", result="success") == 40
    assert total(told, "inferspect_model_requests_total", model="other") == 2
    assert total(told, "inferspect_tenant_tokens_total", tenant_alias="first", kind="prompt") > 0
    assert total(told, "inferspect_overhead_seconds_count") == 40
    assert total(told, "inferspect_unsettled_requests_total") == 0
    assert total(told, "inferspect_guardrail_verdicts_total", guardrail="pii", decision="modify") >= 40
    wait_for(measured, lambda told: total(told, "litellm_proxy_total_requests_metric_total") >= 40)


def test_one_worker_tells_for_all(measured: GatewayProcess) -> None:
    """What tenants use of their limits, and what lies in the folder of spools."""
    key = measured.new_key(team_alias="limited", rpm_limit=1000)
    ask(measured, key, times=10)
    told = wait_for(
        measured, lambda told: total(told, "inferspect_tenant_quota_used_ratio", tenant_alias="limited") == 10 / 5000
    )
    folder = {name: value for (name, labels), value in told.items() if not labels}
    assert folder["inferspect_spool_bytes"] > 0
    assert folder["inferspect_set_aside_events"] == folder["inferspect_spools_damaged"] == 0


def test_a_killed_worker_leaves_its_figures_and_no_file_more(measured: GatewayProcess) -> None:
    """Who follows it counts on where it was."""
    folder = measured.home / "run" / "metrics"
    key = measured.new_key(team_alias="second")
    ask(measured, key, times=10)
    wait_for_requests(measured, "second", 10)
    files = {path.name for path in folder.glob("*.db")}
    assert {re.sub(r".*_(w\d+)\.db", r"\1", name) for name in files} <= {"w0", "w1", "w2", "w3"}
    for requests in (16, 22, 28):
        old = workers(measured)
        for worker in old:
            worker.kill()
        while len([worker for worker in workers(measured) if worker not in old]) < 2:
            time.sleep(0.1)
        ask_when_there_is_a_worker(measured, key, times=6)
        told = wait_for_requests(measured, "second", requests)
        assert total(told, "inferspect_tenant_requests_total", tenant_alias="second", result="success") == requests
        assert total(told, "litellm_in_flight_requests") == 1  # the one for figures
    assert {path.name for path in folder.glob("*.db")} <= files


def test_no_more_tenants_are_named_than_are_set(measured: GatewayProcess) -> None:
    """Whichever worker sees them first."""
    keys = [measured.new_key(team_alias=f"many-{number}") for number in range(5)]
    before = total(figures(measured), "inferspect_tenant_requests_total")
    for key in keys:
        ask(measured, key, times=4)
    told = wait_for(measured, lambda told: total(told, "inferspect_tenant_requests_total") >= before + 20)
    named = {dict(labels)["tenant"] for name, labels in told if name == "inferspect_tenant_requests_total"}
    assert len(named - {"other", "none"}) == 3
    assert total(told, "inferspect_tenant_requests_total", tenant="other") >= 16


@pytest.mark.parametrize("path", ["/metrics", "/metrics/", "/inferspect/metrics"])
def test_figures_are_not_for_everybody(measured: GatewayProcess, path: str) -> None:
    """As LiteLLM's own."""
    for headers in ({}, {"Authorization": "Bearer sk-nobody-knows"}):
        answer = httpx.get(f"{measured.url}{path}", headers=headers, follow_redirects=True, timeout=60)
        assert answer.status_code == 401
    assert total(figures(measured, path), "inferspect_requests_total") > 0


def test_a_tenants_key_reads_no_figures(measured: GatewayProcess) -> None:
    """They tell of other tenants."""
    with measured.client(measured.new_key()) as client:
        answers = {path: client.get(path).status_code for path in ("/metrics", "/inferspect/metrics")}
    assert answers == {"/metrics": 401, "/inferspect/metrics": 401}


def test_a_key_for_prometheus_reads_figures_and_nothing_else(measured: GatewayProcess) -> None:
    """As docs/metrics.md makes one."""
    with measured.client() as admin:
        order = {"models": ["no-model"], "allowed_routes": ["/metrics"]}
        key = admin.post("/key/generate", json=order).raise_for_status().json()["key"]
    assert figures(measured, key=key)
    with measured.client(key) as client:
        assert client.get("/inferspect/metrics").status_code >= 400
        assert client.get("/key/info").status_code >= 400
