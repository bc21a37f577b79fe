"""Events that the database will never take, kept in a file beside the spools for a person to look at.

What a consumer did not take is a dead letter of another kind: see :mod:`inferspect.store.deliveries.dead_letters`.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from inferspect.events.spool import SpooledEvent

FILE = "dead-letters.jsonl"
AT_ONCE = 100  # lines in memory: there may be more in the file than fits


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
        descriptor = os.open(folder / FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            _append(descriptor, orjson.dumps(asdict(line)) + b"\n")
        finally:
            os.close(descriptor)


def _append(descriptor: int, line: bytes) -> None:
    """All of the line or nothing, and none of it in the line of a crash before."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        line = b"\n" + line
    try:
        while line:
            line = line[os.write(descriptor, line) :]
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def all_set_aside(folder: Path) -> Iterator[SetAside]:
    """What is in the file, oldest first, one after the other; a line that was torn by a crash is left out.

    Raises:
        OSError: it cannot be read.
    """
    path = folder / FILE
    if path.exists():
        yield from _read(path)


def take_back(folder: Path, wanted: Callable[[SetAside], bool], keep: Callable[[list[SetAside]], None]) -> int:
    """Hand those that are wanted to ``keep``, up to a hundred at once, and remove them once it has returned each time.

    Returns:
        How many these were.

    Raises:
        OSError: the file cannot be read or written; they are still in it.
    """
    if not (folder / FILE).exists():
        return 0
    taken = 0
    left = folder / f"{FILE}.left"
    with _locked(folder):
        try:
            with os.fdopen(os.open(left, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as kept:
                for lines in _batches(_read(folder / FILE)):
                    chosen = [line for line in lines if wanted(line)]
                    kept.writelines(orjson.dumps(asdict(line)) + b"\n" for line in lines if not wanted(line))
                    if chosen:
                        keep(chosen)
                    taken += len(chosen)
                kept.flush()
                os.fsync(kept.fileno())
            if taken:
                left.replace(folder / FILE)
        finally:
            left.unlink(missing_ok=True)
    return taken


def _batches(lines: Iterator[SetAside]) -> Iterator[list[SetAside]]:
    while batch := list(islice(lines, AT_ONCE)):
        yield batch


def _read(path: Path) -> Iterator[SetAside]:
    with path.open("rb") as file:
        for line in file:
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
