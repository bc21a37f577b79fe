"""The doubles as processes: what cannot be served is told in a line."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


def ended(double: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"inferspect.testing.{double}", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def taken() -> Iterator[str]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


@pytest.mark.parametrize("double", ["langfuse", "otlp", "notifications"])
def test_a_port_that_is_taken_ends_without_a_traceback(double: str, taken: str) -> None:
    told = ended(double, "--port", taken)
    assert (told.returncode, told.stdout) == (2, "")
    assert "address already in use" in told.stderr
    assert "Traceback" not in told.stderr


def test_keys_without_a_secret_and_a_file_as_folder_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for arguments, reason in ((("--key", "pk-lf-one"), "PUBLIC=SECRET"), (("--folder", str(file)), "File exists")):
        told = ended("langfuse", *arguments)
        assert (told.returncode, reason in told.stderr, "Traceback" in told.stderr) == (2, True, False)
