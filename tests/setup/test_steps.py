from __future__ import annotations

import subprocess
import sys

import pytest
import steps
from stamps import SetupError

from .conftest import FOLDER


def script(text: str, status: int) -> tuple[str, ...]:
    return (sys.executable, "-c", f"import sys; print({text!r}); sys.exit({status})")


def test_a_command_that_succeeds_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    """Its output is of interest only where it fails."""
    steps.run(*script("chatter", 0))
    assert capfd.readouterr().out == ""


def test_a_command_that_fails_is_told_with_its_output_and_how_to_go_on() -> None:
    """What failed, what it said, what to do."""
    with pytest.raises(SetupError) as caught:
        steps.run(*script("no space left on device", 1))
    message = str(caught.value)
    assert "failed:\nno space left on device" in message
    assert message.endswith("Run it again to resume.")
    assert "registry" not in message


@pytest.mark.parametrize(
    "sign", ["Temporary failure in name resolution", "getaddrinfo ENOTFOUND", "error: dns error", "Connection refused"]
)
def test_an_unreachable_registry_is_told_as_such(sign: str) -> None:
    """The network is the most common reason."""
    with pytest.raises(SetupError, match="registry cannot be reached: check the network"):
        steps.run(*script(sign, 1))


def test_an_unknown_profile_names_those_there_are() -> None:
    """At once, without touching anything."""
    with pytest.raises(SystemExit, match="unknown profile 'all'; choose one of: gateway, evals, deepchecks, dev"):
        steps.run_profile("all")


def test_every_input_of_a_step_is_in_the_checkout() -> None:
    """A lock that was renamed would make each set-up fail."""
    for name in ("bootstrap.lock", "gateway.lock", "evals.lock", "dev.lock"):
        assert (steps.LOCKS / name).is_file()
    for folder in (steps.ENGINE, steps.PROMPTFOO):
        assert (folder / "package-lock.json").is_file()


def test_an_unsupported_python_is_refused_in_words() -> None:
    """The entry parses under old Pythons; here its bounds are moved instead."""
    entry = (FOLDER / "__main__.py").read_text(encoding="utf-8").replace("OLDEST = (3, 11)", "OLDEST = (3, 99)")
    ended = subprocess.run([sys.executable, "-"], input=entry, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "is not supported. Install Python 3.99 to 3.13, then run: make PYTHON=python3.13" in ended.stderr


def test_the_index_of_this_machines_pip_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its variable wins over its configuration files."""
    monkeypatch.setenv("PIP_INDEX_URL", "https://registry.invalid/simple")
    assert steps.pip_setting("index-url") == "https://registry.invalid/simple"
