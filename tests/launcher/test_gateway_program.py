from __future__ import annotations

from pathlib import Path

import pytest

from inferspect.launcher.gateway_program import (
    deliveries_program,
    gateway_environment,
    gateway_program,
    local_url,
)
from inferspect.launcher.home import Home
from inferspect.settings import LaunchSettings, LogSettings, Settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:4000"),
        ("0.0.0.0", "http://127.0.0.1:4000"),  # noqa: S104  what is listened on
        ("::", "http://[::1]:4000"),
        ("localhost", "http://localhost:4000"),
    ],
)
def test_this_machine_reaches_the_gateway_whatever_it_listens_on(host: str, url: str) -> None:
    """An address that stands for all is none to connect to."""
    assert local_url(LaunchSettings(host=host, port=4000)) == url


def test_what_was_given_wins_over_what_was_generated(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the caller's environment over our defaults, but never over the start-up hook."""
    monkeypatch.setenv("LITELLM_TELEMETRY", "True")
    monkeypatch.setenv("LITELLM_WORKER_STARTUP_HOOKS", "theirs:start, ,inferspect.gateway:start")
    launch = LaunchSettings(litellm_master_key="sk-given-by-hand", database_url=None)
    credentials = home.credentials()
    environment = gateway_environment(launch, home, credentials, "postgresql://h/d", None)
    assert environment["LITELLM_MASTER_KEY"] == "sk-given-by-hand"
    assert environment["LITELLM_SALT_KEY"] == credentials.salt_key
    assert environment["LITELLM_TELEMETRY"] == "True"
    assert environment["LITELLM_WORKER_STARTUP_HOOKS"] == "inferspect.gateway:start,theirs:start"
    assert environment["INFERSPECT_CACHE_TYPE"] == "local"
    assert "REDIS_URL" not in environment or environment["REDIS_URL"] != "None"


def test_a_proxy_is_not_asked_for_what_runs_here(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers reach their Prisma engines, demo model and each other; what the caller said stays."""
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "intranet.example, localhost,")
    monkeypatch.delenv("no_proxy", raising=False)
    environment = gateway_environment(LaunchSettings(), home, home.credentials(), "postgresql://h/d", None)
    assert environment["HTTP_PROXY"] == "http://proxy.example:3128"
    assert environment["NO_PROXY"] == environment["no_proxy"] == "intranet.example,localhost,127.0.0.1,::1"


def test_with_redis_the_cache_is_shared(home: Home) -> None:
    """Workers and replicas see the same counters."""
    environment = gateway_environment(LaunchSettings(), home, home.credentials(), "postgresql://h/d", "redis://h")
    assert (environment["INFERSPECT_CACHE_TYPE"], environment["REDIS_URL"]) == ("redis", "redis://h")


def test_no_secret_is_on_the_command_line(home: Home) -> None:
    """Everybody on the machine can read that."""
    credentials = home.credentials()
    environment = gateway_environment(LaunchSettings(), home, credentials, "postgresql://u:pass-word@h/d", None)
    programs = (
        gateway_program(LaunchSettings(), Settings(), home, environment),
        deliveries_program(Settings(), home, environment),
    )
    command = " ".join(" ".join(program.command) for program in programs)
    for secret in (credentials.master_key, credentials.salt_key, "pass-word"):
        assert secret not in command


@pytest.mark.parametrize(("destination", "has_file"), [("file", True), ("stderr", False)])
def test_the_log_goes_where_the_settings_say(home: Home, destination: str, *, has_file: bool) -> None:
    """To a file, or to the launcher's own output for containers."""
    environment = gateway_environment(LaunchSettings(), home, home.credentials(), "postgresql://h/d", None)
    settings = Settings(log=LogSettings(destination=destination))
    assert (gateway_program(LaunchSettings(), settings, home, environment).log is not None) is has_file
