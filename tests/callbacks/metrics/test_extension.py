from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from callbacks.metrics.chosen import ChosenTenants, keep_choosing
from callbacks.metrics.extension import start
from callbacks.metrics.tenants import TenantUsage
from inferspect.events.delivery import Consumers
from inferspect.extension import Observer
from inferspect.settings import EventSettings, LaunchSettings, Settings
from inferspect.store.deliveries.outbox import Outbox
from inferspect.tenancy.lookup import TenantLookup
from tests.events.serving import cancelled

from .conftest import MakeEvent, Told

Background = list[Coroutine[Any, Any, None]]


@pytest.fixture
async def engine() -> AsyncIterator[AsyncEngine]:
    """To a database that is away."""
    engine = create_async_engine("postgresql+psycopg://nobody@127.0.0.1:1/none")
    yield engine
    await engine.dispose()


@pytest.fixture
def background() -> Background:
    return []


def observer(engine: AsyncEngine, background: Background, *, worker: bool) -> Observer:
    settings = Settings(events=EventSettings(consumers="worker" if worker else "gateway"))
    return Observer(
        settings=settings,
        launch=LaunchSettings(),
        default_rules={},
        engine=engine,
        consumers=Consumers(),
        outbox=Outbox(engine),
        tenants=TenantLookup(engine, {}),
        listeners=[],
        retained=[],
        in_background=background.append,
        models=list,
        delivers=worker,
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Shared by all workers of a gateway."""
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return tmp_path


async def test_a_gateways_worker_counts_each_event(
    engine: AsyncEngine, background: Background, event: MakeEvent, told: Told, folder: Path
) -> None:
    """Though the database is away; by tenant once names are given."""
    joined = observer(engine, background, worker=False)
    await start(joined)
    for listener in joined.listeners:
        listener(event(tenant_id="t-9", model=None))
    assert told("inferspect_requests_total", api="chat", result="success", status="200", code="") == 1
    tasks = [asyncio.create_task(work) for work in background]
    while not told("inferspect_tenant_requests_total", tenant="t-9", tenant_alias="", result="success"):
        await asyncio.sleep(0.01)
    await cancelled(*tasks)
    assert (folder / "tenants.jsonl").read_bytes() == b'["t-9",null]\n'


async def test_what_waits_is_told_when_the_worker_ends(engine: AsyncEngine, event: MakeEvent, told: Told) -> None:
    usage = TenantUsage()
    task = asyncio.create_task(keep_choosing(ChosenTenants(None, 5, ()), usage, engine))
    usage.count(event(tenant_id="t-10"))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert told("inferspect_tenant_requests_total", tenant="other", tenant_alias="", result="success") == 1


async def test_a_process_of_inferspect_worker_counts_no_requests(engine: AsyncEngine, background: Background) -> None:
    """They end elsewhere."""
    joined = observer(engine, background, worker=True)
    await start(joined)
    assert joined.listeners == []
    assert background == []
