from __future__ import annotations

from pathlib import Path

import pytest

from evals.suites.toolchain import Toolchain


def test_a_process_gets_no_key_of_the_person_who_runs_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of the caller's environment only what a program needs to run goes on, and what it is told."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-person")
    monkeypatch.setenv("PROMPTFOO_API_KEY", "of a person")
    monkeypatch.setenv("NODE_OPTIONS", "--require ./spy.js")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    toolchain = Toolchain(Path("/node"), Path("/promptfoo.js"))
    environment = toolchain.environment(tmp_path, {"EVAL_KEY": "sk-virtual"})
    assert {"OPENAI_API_KEY", "PROMPTFOO_API_KEY", "NODE_OPTIONS"}.isdisjoint(environment)
    assert environment["EVAL_KEY"] == "sk-virtual"
    assert environment["HTTPS_PROXY"] == "http://proxy:3128"
    assert environment["HOME"] == environment["PROMPTFOO_CONFIG_DIR"] == str(tmp_path)
    assert environment["PROMPTFOO_DISABLE_TELEMETRY"] == "1"
