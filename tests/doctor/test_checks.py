"""Each check by what it says about an installation that is well, and about one that is not."""

from __future__ import annotations

import importlib.util
import json
import socket
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from inferspect.doctor import CHECKS, Examination, Level, examine
from inferspect.doctor.checks import Check
from inferspect.doctor.engine import check_node, check_prisma_client, check_prisma_engine
from inferspect.doctor.installation import check_litellm_version, check_packages, check_python, set_up_digests
from inferspect.doctor.machine import check_credentials, check_data_folder, check_port
from inferspect.doctor.result import Result, ok
from inferspect.doctor.setting_up import check_configuration, check_environment, check_providers
from inferspect.launcher.ports import free_port

ROOT = Path(__file__).parents[2]


def test_nothing_is_wrong_with_a_fresh_checkout(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    """No check ends in an error before the first start, and each has exactly one line."""
    monkeypatch.setenv("PORT", str(free_port()))
    results = examine(patient)
    assert [result.name for result in results] == [check.name for check in CHECKS]
    assert [result for result in results if result.level is Level.ERROR] == []


def test_every_problem_has_a_remedy(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATABASE_URL": f"postgresql://u:p@127.0.0.1:{free_port()}/x",
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}",
        "HOST": "192.0.2.1",
        "INFERSPECT_CONFIG": "/nowhere.yaml",
        "INFERSPECT_HOME": "/proc/none",
        "INFERSPECT_LOGS__LEVEL": "info",
    }.items():
        monkeypatch.setenv(name, value)
    unwell = [result for result in examine(patient) if result.level in {Level.ERROR, Level.WARNING}]
    assert {"database", "redis", "port", "configuration", "data folder", "environment", "migrations"} <= {
        result.name for result in unwell
    }
    assert all(result.remedy for result in unwell)


def test_a_check_that_breaks_is_an_error_and_hides_no_other(patient: Examination) -> None:
    def broken(_patient: Examination) -> Result:
        raise KeyError("x")

    first, second = examine(patient, [Check("a", broken), Check("b", lambda _: ok("b", "well"))])
    assert (first.level, second.level) == (Level.ERROR, Level.OK)
    assert "KeyError" in first.message


def test_python_litellm_node_engine_and_client_are_well(patient: Examination) -> None:
    for check in (check_python, check_litellm_version, check_node, check_prisma_engine, check_prisma_client):
        assert check(patient).level is Level.OK


def test_an_unsupported_python_is_an_error(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inferspect.doctor.installation.platform.python_version", lambda: "3.10.4")
    assert check_python(patient).level is Level.ERROR


def test_another_litellm_is_an_error(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inferspect.launcher.litellm_range.TESTED", "9.9.9")
    result = check_litellm_version(patient)
    assert result.level is Level.ERROR
    assert "9.9.9" in result.message


@pytest.mark.parametrize(
    ("name", "version", "level"),
    [("litellm", "1.0.0", Level.WARNING), ("litellm-enterprise", "1.0.0", Level.ERROR)],
)
def test_packages_are_compared_with_the_lock(tmp_path: Path, name: str, version: str, level: Level) -> None:
    """A version that is not the locked one is a warning, the proprietary package an error."""
    info = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    result = check_packages(Examination(packages=tmp_path))
    assert result.level is level
    assert "missing" in result.message or name in result.message


def test_a_client_that_was_not_generated_is_an_error(tmp_path: Path) -> None:
    assert check_prisma_client(Examination(packages=tmp_path)).level is Level.ERROR


def test_the_native_engine_needs_no_node(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERSPECT_PRISMA_ENGINE", "native")
    assert "native" in check_node(patient).message
    assert "native" in check_prisma_engine(patient).message


def test_a_missing_engine_is_an_error_with_the_file(tmp_path: Path) -> None:
    [result] = examine(Examination(root=tmp_path), [Check("node", check_node)])
    assert result.level is Level.ERROR
    assert "query-engine is missing" in result.message


def test_set_up_stamps_are_those_that_set_up_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    """The doctor's table of steps agrees with ``infra/setup``, names and inputs."""
    monkeypatch.syspath_prepend(str(ROOT / "infra" / "setup"))
    steps = _module(ROOT / "infra" / "setup" / "steps.py")
    left: dict[str, str] = {}

    def collect(planned: Any, _stamps: Path) -> None:
        left.update({step.name.replace(" ", "-"): step.digest() for step in planned})

    monkeypatch.setattr(steps, "run_steps", collect)
    steps.run_profile("gateway")
    assert set_up_digests(ROOT) == left


def test_a_wrong_variable_is_named_without_its_value(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITELLM_MASTER_KEY", "short")
    monkeypatch.setenv("PORT", "0")
    result = check_environment(patient)
    assert result.level is Level.ERROR
    assert "LITELLM_MASTER_KEY" in result.message
    assert "PORT" in result.message
    assert "short" not in result.message.replace("too short", "")


def test_a_misspelt_variable_is_a_warning(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERSPECT_LOG_LEVEL", "debug")
    monkeypatch.setenv("INFERSPECT_LOG", '{"format": "text"}')
    result = check_environment(patient)
    assert result.level is Level.WARNING
    assert result.message == "no such settings: INFERSPECT_LOG_LEVEL"
    assert "INFERSPECT_LOG__LEVEL" in result.remedy


def test_every_problem_of_the_configuration_is_listed(
    patient: Examination, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("model_lst: []\ninferspect: {log: {levl: info}}\n")
    monkeypatch.setenv("INFERSPECT_CONFIG", str(config))
    result = check_configuration(patient)
    assert result.level is Level.ERROR
    assert "model_lst" in result.message
    assert "inferspect.log.levl" in result.message
    assert check_providers(patient).level is Level.INFO


def test_providers_are_usable_by_their_variables(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "made-up")
    for name in ("ANTHROPIC_API_KEY", "AZURE_API_KEY", "AZURE_API_BASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOSTED_VLLM_API_BASE", "http://127.0.0.1:8000/v1")
    lines = check_providers(patient).message.splitlines()
    assert "demo: usable" in lines
    assert "openai/*: usable" in lines
    assert "hosted_vllm/*: usable" in lines
    assert "anthropic/*: not usable, set ANTHROPIC_API_KEY" in lines
    assert "azure/*: not usable, set AZURE_API_KEY, AZURE_API_BASE" in lines


def test_the_demo_is_not_usable_where_it_is_switched_off(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERSPECT_EMBEDDED__DEMO", "false")
    monkeypatch.delenv("INFERSPECT_DEMO_URL", raising=False)
    assert "demo: not usable, set INFERSPECT_DEMO_URL" in check_providers(patient).message.splitlines()


def test_the_data_folder_is_not_made_by_looking(patient: Examination) -> None:
    assert check_data_folder(patient).level is Level.OK
    assert not patient.home.exists()


def test_little_room_is_a_warning(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inferspect.doctor.machine.ENOUGH_ROOM", 2**62)
    assert check_data_folder(patient).level is Level.WARNING


def test_a_folder_that_cannot_be_written_is_an_error(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFERSPECT_HOME", "/proc/none")
    assert check_data_folder(patient).level is Level.ERROR


@pytest.mark.parametrize(
    ("content", "mode", "level"),
    [
        ("{}", 0o600, Level.OK),
        ("{}", 0o640, Level.WARNING),
        ("{", 0o600, Level.ERROR),
        ("[]", 0o600, Level.ERROR),
    ],
)
def test_credentials_are_private_and_readable(patient: Examination, content: str, mode: int, level: Level) -> None:
    patient.home.mkdir()
    file = patient.home / "credentials.json"
    file.write_text(content)
    file.chmod(mode)
    assert check_credentials(patient).level is level


def test_a_database_without_its_credentials_is_an_error(patient: Examination) -> None:
    (patient.home / "postgres").mkdir(parents=True)
    assert check_credentials(patient).level is Level.ERROR


def test_a_port_that_another_program_has_is_an_error(patient: Examination, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setenv("PORT", str(other.getsockname()[1]))
        monkeypatch.setattr("inferspect.doctor.machine.PATIENCE", 0.2)
        assert check_port(patient).level is Level.ERROR


@pytest.mark.parametrize(("status", "level"), [("ok", Level.OK), ("degraded", Level.WARNING)])
def test_a_port_that_our_gateway_has_is_well(
    patient: Examination, monkeypatch: pytest.MonkeyPatch, status: str, level: Level
) -> None:
    """Its own health decides how well; no proxy is asked for it."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    health = {"status": status, "components": {"database": {"ok": status == "ok"}}}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(health).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.handle_request, daemon=True).start()
        monkeypatch.setenv("PORT", str(server.server_port))
        result = check_port(patient)
    assert result.level is level
    assert status == "ok" or "database" in result.message


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("set_up_steps", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules.pop("stamps", None)
    return module
