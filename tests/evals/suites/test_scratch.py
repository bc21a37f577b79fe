from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from evals.suites.scratch import PREFIX, remove_those_of_killed_runs, scratch_folder

KILLED = """
import os, signal
from evals.suites.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "data").write_text("much")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this user's folders for the time of a run are."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_a_folder_is_gone_afterwards(place: Path) -> None:
    with scratch_folder() as folder:
        assert [folder] == list(place.iterdir())
        assert folder.stat().st_mode & 0o077 == 0
    assert list(place.iterdir()) == []


def test_the_folder_of_a_killed_run_is_removed_by_the_next_and_that_of_another_run_is_not(place: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED], check=False)
    [left] = place.iterdir()
    with scratch_folder() as folder:
        assert remove_those_of_killed_runs() == 1
        assert folder.is_dir()
    assert not left.exists()


def test_what_only_is_called_so_stays(place: Path) -> None:
    """The folder of temporary files belongs to everybody: a link there leads nowhere, a file is none of ours."""
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").touch()
    (place / f"{PREFIX}link").symlink_to(elsewhere)
    (place / f"{PREFIX}file").touch()
    assert remove_those_of_killed_runs() == 0
    assert (elsewhere / "kept").exists()
    assert (place / f"{PREFIX}file").exists()
