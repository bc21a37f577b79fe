from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from inferspect.launcher.home import Home, LaunchError, write_private

HOLDER = """
import sys, time
from pathlib import Path
from inferspect.launcher.home import Home
home = Home(Path(sys.argv[1]))
home.lock()
print("locked", flush=True)
time.sleep(3600)
"""


def test_two_launchers_on_one_folder_are_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    """The message names the process; after SIGKILL the folder is free at once, whatever its lock file says."""
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    with pytest.raises(LaunchError, match=rf"\(process {holder.pid}\).*INFERSPECT_HOME and PORT"):
        Home(tmp_path).lock()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "run" / "launcher.lock").read_text() == str(holder.pid)
    Home(tmp_path).lock()
    assert (tmp_path / "run" / "launcher.lock").read_text() == str(os.getpid())


def test_credentials_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    """The second start finds those of the first."""
    first = Home(tmp_path).credentials()
    assert Home(tmp_path).credentials() == first
    assert Home(tmp_path).credentials_file.stat().st_mode & 0o777 == 0o600
    assert tmp_path.joinpath("run").stat().st_mode & 0o077 == 0
    values = [first.master_key, first.salt_key, first.ui_password, first.postgres_password, first.redis_password]
    assert len(set(values)) == len(values)


def test_what_an_older_version_did_not_have_is_added(tmp_path: Path) -> None:
    """What it had stays; the salt key above all."""
    home = Home(tmp_path)
    home.credentials_file.write_text(json.dumps({"salt_key": "sk-salt-old", "unknown": 1, "demo_key": 7}))
    credentials = home.credentials()
    assert credentials.salt_key == "sk-salt-old"
    assert isinstance(credentials.demo_key, str)
    assert Home(tmp_path).credentials() == credentials


@pytest.mark.parametrize("content", ["", "{", "[]", "\x00"])
def test_damaged_credentials_stop_the_start(tmp_path: Path, content: str) -> None:
    """New ones would make what is stored in the database unreadable, so the old file is left and a backup asked for."""
    home = Home(tmp_path)
    home.credentials_file.write_text(content)
    with pytest.raises(LaunchError, match=r"credentials\.json cannot be read .*backup.*salt key"):
        home.credentials()
    assert home.credentials_file.read_text() == content


def test_a_folder_that_cannot_be_made_is_told_with_its_variable(tmp_path: Path) -> None:
    """The reason and what to do."""
    (tmp_path / "file").write_text("")
    with pytest.raises(LaunchError, match=r"cannot be written \(Not a directory\).*INFERSPECT_HOME"):
        Home(tmp_path / "file" / "home")


def test_a_full_disk_is_told_before_anything_starts(tmp_path: Path) -> None:
    """A data folder without room is found by writing into it."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)], capture_output=True, text=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
    try:
        with suppress(OSError):
            (tmp_path / "ballast").write_bytes(b"x" * 70_000)
        with pytest.raises(LaunchError, match="No space left on device"):
            Home(tmp_path / "home")
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_private_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """A leftover of an interrupted attempt is replaced, and its permissions do not matter."""
    path = tmp_path / "secret"
    path.write_text("old")
    (tmp_path / "secret.new").write_text("left over from an interrupted attempt")
    write_private(path, "new")
    assert path.read_text() == "new"
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]
