"""A small disk that tests can fill."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

import pytest


class SmallDisk:
    """A folder that is a file system of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mounted = False

    def mount(self, size: str) -> None:
        self.folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(self.folder)]
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            pytest.skip(f"no tmpfs can be mounted here: {mounted.stderr.strip()}")
        self._mounted = True

    def unmount(self) -> None:
        if self._mounted:
            subprocess.run(["umount", str(self.folder)], check=True)

    def fill(self) -> None:
        """Take all the room that is left; once more, what has become free since."""
        with suppress(OSError), (self.folder / "ballast").open("ab", buffering=0) as ballast:
            while True:
                ballast.write(b"x" * 4096)

    def make_room(self) -> None:
        (self.folder / "ballast").unlink()
