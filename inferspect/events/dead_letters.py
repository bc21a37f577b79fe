"""Events that the database will never take, kept in a file beside the spools for a person to look at.

What a consumer did not take is a dead letter of another kind: see :mod:`inferspect.store.deliveries.dead_letters`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from inferspect.launcher.home import write_private

if TYPE_CHECKING:
    from inferspect.events.spool import SpooledEvent

FILE = "dead-letters.jsonl"


@dataclass(frozen=True, slots=True)
class SetAside:
    """One line of the file: an event as it lay in the spool, and why it is here."""

    reason: str
    id: str
    revision: int
    complete: bool
    written_at: float
    body: str
    content: str | None = None

    def fields(self) -> dict[str, Any]:
        """What the event says, as far as it can be read."""
        try:
            fields = orjson.loads(self.body)
        except ValueError:
            return {}
        return fields if isinstance(fields, dict) else {}


def set_aside(folder: Path, event: SpooledEvent, reason: str) -> None:
    """Append the event to the file, on disk when this returns.

    Raises:
        OSError: it cannot be written.
    """
    line = SetAside(
        reason,
        event.id,
        event.revision,
        event.complete,
        event.written_at,
        event.body.decode("utf-8", "replace"),
        None if event.content is None else event.content.decode("utf-8", "replace"),
    )
    with _locked(folder):
        descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, orjson.dumps(asdict(line)) + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def all_set_aside(folder: Path) -> list[SetAside]:
    """What is in the file, oldest first; a line that was torn by a crash is left out.

    Raises:
        OSError: it cannot be read.
    """
    path = folder / FILE
    return list(_read(path)) if path.exists() else []


def take_back(folder: Path, wanted: Callable[[SetAside], bool], keep: Callable[[list[SetAside]], None]) -> int:
    """Hand those that are wanted to ``keep``, and remove them from the file once it has returned.

    Returns:
        How many these were.

    Raises:
        OSError: the file cannot be read or written; they are still in it.
    """
    if not (folder / FILE).exists():
        return 0
    with _locked(folder):
        lines = list(_read(folder / FILE))
        taken = [line for line in lines if wanted(line)]
        if taken:
            keep(taken)
            left = [orjson.dumps(asdict(line)).decode() + "\n" for line in lines if not wanted(line)]
            write_private(folder / FILE, "".join(left))
    return len(taken)


def _read(path: Path) -> Iterator[SetAside]:
    for line in path.read_bytes().splitlines():
        try:
            fields = orjson.loads(line)
            # Lines of the first version had less.
            yield SetAside(**{"complete": True, "written_at": path.stat().st_mtime, **fields})
        except (ValueError, TypeError):
            continue


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Alone with the file: whoever removes lines writes it anew."""
    descriptor = os.open(folder / f"{FILE}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
