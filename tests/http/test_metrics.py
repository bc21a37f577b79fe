from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from litellm.proxy.auth.user_api_key_auth import user_api_key_auth
from prometheus_client import Counter

from inferspect.http.metrics import SHARED_FOLDER, metrics_router

from .conftest import Client

METRICS = "/inferspect/metrics"
COUNTED = Counter("test_of_metrics", "Made by this test.")


@pytest.fixture
def app() -> FastAPI:
    """The route alone, for anybody."""
    app = FastAPI()
    app.include_router(metrics_router())
    app.dependency_overrides[user_api_key_auth] = lambda: None
    return app


async def test_a_worker_tells_its_own_figures(client: Client, app: FastAPI) -> None:
    COUNTED.inc()
    answer = await client(app).get(METRICS)
    assert answer.headers["content-type"].startswith("text/plain")
    assert "test_of_metrics_total 1.0" in answer.text.splitlines()


async def test_workers_with_a_shared_folder_are_told_together(
    client: Client, app: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of them answers."""
    program = "from prometheus_client import Counter; Counter('worker_count', 'Of a worker.').inc()"
    environment = {**os.environ, SHARED_FOLDER: str(tmp_path)}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    monkeypatch.setenv(SHARED_FOLDER, str(tmp_path))
    lines = (await client(app).get(METRICS)).text.splitlines()
    assert "worker_count_total 2.0" in lines


async def test_litellms_route_tells_the_same(client: Client, app: FastAPI) -> None:
    """Who may read it is decided by LiteLLM's middleware."""
    assert set((await client(app).get("/metrics")).text.splitlines()) >= {"# TYPE test_of_metrics_total counter"}


async def test_figures_come_as_prometheus_asks_for_them(client: Client, app: FastAPI) -> None:
    headers = {"accept": "application/openmetrics-text; version=1.0.0", "accept-encoding": "gzip"}
    answer = await client(app).get(METRICS, headers=headers)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text.endswith("# EOF\n")
