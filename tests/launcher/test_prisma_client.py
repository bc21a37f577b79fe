"""What the launcher tells LiteLLM's processes about Prisma."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inferspect.launcher.prisma_client import PrismaSetupError, engine_environment, prisma_environment


def test_every_program_it_names_exists_and_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INFERSPECT_PRISMA_ENGINE", raising=False)
    environment = prisma_environment()
    for name in ("INFERSPECT_NODE", "PRISMA_QUERY_ENGINE_BINARY", "PRISMA_CLI_PATH", "PRISMA_SCHEMA_ENGINE_BINARY"):
        assert os.access(environment[name], os.X_OK), name
    assert environment["PRISMA_OFFLINE_MODE"] == "true"


def test_the_node_that_prisma_would_install_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteLLM deletes this folder where it holds no Node.js."""
    monkeypatch.delenv("INFERSPECT_PRISMA_ENGINE", raising=False)
    assert (Path(prisma_environment()["PRISMA_NODEENV_CACHE_DIR"]) / "bin" / "node").is_file()


def test_native_leaves_prisma_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERSPECT_PRISMA_ENGINE", "native")
    assert prisma_environment() == {}
    assert engine_environment() != {}


def test_another_engine_is_refused_with_the_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERSPECT_PRISMA_ENGINE", "rust")
    with pytest.raises(PrismaSetupError, match="'rust'; choose one of: wasm, native"):
        prisma_environment()


def test_a_missing_engine_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("INFERSPECT_PRISMA_ENGINE", raising=False)
    with pytest.raises(PrismaSetupError, match=r"query-engine is missing. Run: make setup"):
        prisma_environment(tmp_path)
