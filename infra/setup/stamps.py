"""Runs named steps once: a step whose inputs are unchanged since it last succeeded is skipped."""

from __future__ import annotations

import fcntl
import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class SetupError(Exception):
    """What a person has to do before set-up can go on."""


@dataclass(frozen=True)
class Step:
    """A piece of set-up; ``inputs`` are files (by content) and words whose change makes it run again."""

    name: str
    action: Callable[[], None]
    inputs: Sequence[Path | str]

    def digest(self) -> str:
        content = hashlib.sha256()
        for item in self.inputs:
            if isinstance(item, Path) and not item.is_file():
                raise SetupError(f"{item} is missing, which {self.name!r} needs. Restore it: git checkout -- {item}")
            content.update(item.read_bytes() if isinstance(item, Path) else item.encode())
            content.update(b"\0")
        return content.hexdigest()


def run_steps(steps: Sequence[Step], stamps: Path) -> None:
    """Run what is not done yet, in order. A step that runs makes all later ones run again only by its inputs.

    The stamps live inside the environment that they describe, so deleting it forgets them.
    """
    with one_at_a_time(stamps.parent.parent):
        for number, step in enumerate(steps, 1):
            stamp = stamps / step.name.replace(" ", "-")
            digest = step.digest()
            if stamp.is_file() and stamp.read_text() == digest:
                continue
            stamp.unlink(missing_ok=True)
            say(f"[{number}/{len(steps)}] {step.name} ...", end="")
            started = time.monotonic()
            try:
                step.action()
            except BaseException:
                say(" not finished")
                raise
            stamps.mkdir(parents=True, exist_ok=True)
            stamp.write_text(digest)
            say(f" {time.monotonic() - started:.0f} s")


@contextmanager
def one_at_a_time(folder: Path):
    """Two set-ups of one checkout take turns; the lock goes with the process, however it ends."""
    with (folder / ".setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up of this checkout is running: waiting for it ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(text: str, end: str = "\n") -> None:
    sys.stderr.write(text + end)
    sys.stderr.flush()
