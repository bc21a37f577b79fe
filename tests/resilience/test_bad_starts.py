"""A start that cannot succeed says why and leaves nothing behind."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import psutil
import pytest
import yaml

from inferspect.testing.gateway import GatewayError, GatewayProcess
from tests.resilience.disk import SmallDisk

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "litellm_config.yaml"


def said_on_failing(gateway: GatewayProcess) -> str:
    before = set(psutil.Process().children())
    with pytest.raises(GatewayError) as failure:
        gateway.start()
    assert set(psutil.Process().children()) <= before
    assert "Traceback" not in str(failure.value)
    return str(failure.value)


def test_a_taken_port_is_named_with_its_holder(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        said = said_on_failing(GatewayProcess(tmp_path, CONFIG, port=port))
    assert f"127.0.0.1:{port}" in said
    assert f"process {os.getpid()}" in said
    assert "PORT=" in said


def test_broken_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    config = tmp_path / "litellm_config.yaml"
    config.write_text("model_list:\n  - model_name: [unclosed\nrouter_settings: {}\n", encoding="utf-8")
    assert "line 3" in said_on_failing(GatewayProcess(tmp_path, config))


def test_all_wrong_settings_are_told_at_once(tmp_path: Path) -> None:
    content = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    content["inferspect"]["events"] = {"ship_evry": 1, "ship_batch": "many"}
    content["litellm_settings"]["callbacks"].append("plugins.nonsense.hook")
    config = tmp_path / "litellm_config.yaml"
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    said = said_on_failing(GatewayProcess(tmp_path, config))
    assert all(sign in said for sign in ("3 problem(s)", "did you mean 'ship_every'", "ship_batch", "plugins.nonsense"))


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder", encoding="utf-8")
    said = said_on_failing(GatewayProcess(tmp_path, CONFIG, {"INFERSPECT_HOME": str(blocked / "home")}))
    assert "INFERSPECT_HOME" in said


@pytest.mark.parametrize("size", ["64k", "8m", "30m"])
def test_a_full_disk_is_told(tmp_path: Path, small_disk: SmallDisk, size: str) -> None:
    """However far the start gets before the disk is full, it ends in words and stops what it had begun."""
    small_disk.mount(size)
    said = said_on_failing(GatewayProcess(small_disk.folder, CONFIG))
    assert "space" in said


@pytest.mark.parametrize(
    "url",
    ["postgresql://someone:secret-word@127.0.0.1:1/nothing", "mysql://someone:secret-word@127.0.0.1/x", "nonsense"],
)
def test_a_database_that_cannot_be_used_is_told_without_its_password(tmp_path: Path, url: str) -> None:
    said = said_on_failing(GatewayProcess(tmp_path, CONFIG, {"DATABASE_URL": url}))
    assert "DATABASE_URL" in said
    assert "secret-word" not in said


@pytest.mark.parametrize("variable", ["PORT", "NUM_WORKERS", "LITELLM_MASTER_KEY"])
def test_a_wrong_variable_is_named_and_its_value_is_not_shown(tmp_path: Path, variable: str) -> None:
    said = said_on_failing(GatewayProcess(tmp_path, CONFIG, {variable: "secret"}))
    assert variable in said
    assert "secret" not in said
