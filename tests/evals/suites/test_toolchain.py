from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from evals.suites.promptfoo import FLAGS
from evals.suites.toolchain import OWN, Toolchain, find_toolchain


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


@contextmanager
def proxy() -> Iterator[tuple[str, list[str]]]:
    """The address of a proxy that lets nobody through, and the hosts that it was asked for."""
    asked: list[str] = []

    class Refusal(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            asked.append(self.path)
            self.send_error(403)

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Refusal) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            serving.join()


def asked_of_a_proxy(command: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hosts outside that a run of one case asks for."""
    configuration = folder / "suite.yaml"
    case = {"assert": [{"type": "contains", "value": "Hello"}]}
    configuration.write_text(yaml.safe_dump({"prompts": ["Hello"], "providers": ["echo"], "tests": [case]}))
    with proxy() as (url, asked):
        for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"):
            monkeypatch.setenv(name, url)
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        environment = find_toolchain(OWN).environment(folder, {})
        command = [*command, "eval", "-c", str(configuration), *FLAGS]
        subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True)
    return asked


def test_a_run_asks_nobody_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By itself Promptfoo tells its makers that it is told to tell nothing."""
    toolchain = find_toolchain(OWN)
    told = asked_of_a_proxy([str(toolchain.node), str(toolchain.program)], tmp_path, monkeypatch)
    assert told
    assert {host.partition(":")[0].rpartition("promptfoo.")[1] for host in told} == {"promptfoo."}
    assert asked_of_a_proxy(toolchain.command(), tmp_path, monkeypatch) == []
