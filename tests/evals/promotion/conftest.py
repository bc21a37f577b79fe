from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from evals.command import app
from inferspect.launcher.ports import free_port
from inferspect.store.engine import engine_of
from tests.evals.promotion.recorded import Recorded, record

Plant = Callable[..., list[str]]
Run = Callable[..., Result]


@pytest.fixture
def plant(store_url: str) -> Plant:
    """Stores requests in the database that the command reads."""

    async def store(*requests: Recorded) -> list[str]:
        engine = engine_of(store_url, pool_size=1)
        try:
            return await record(engine, *requests)
        finally:
            await engine.dispose()

    return lambda *requests: asyncio.run(store(*requests))


@pytest.fixture
def run(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``inferspect eval promote`` into the suite ``shop`` of a folder of the test's own."""
    config = tmp_path / "litellm_config.yaml"
    config.write_text("inferspect: {}\n")
    for name in (
        "LITELLM_MASTER_KEY",
        "LITELLM_SALT_KEY",
        "LANGFUSE_PUBLIC_KEY",
        "LANGFUSE_SECRET_KEY",
        "LANGFUSE_HOST",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATABASE_URL", store_url)
    monkeypatch.setenv("INFERSPECT_CONFIG", str(config))
    monkeypatch.setenv("INFERSPECT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PORT", str(free_port()))

    def invoke(*arguments: object, suite: str = "shop", **options: str) -> Result:
        told = ["promote", "--suite", suite, "--folder", str(tmp_path / "promptfoo"), *map(str, arguments)]
        return CliRunner().invoke(app, told, **options)

    return invoke
