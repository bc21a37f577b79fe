"""Events that the database will never take, kept in a file for a person to look at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from inferspect.events.spool import SpooledEvent


def set_aside(path: Path, event: SpooledEvent, reason: str) -> None:
    """Append the event to the file, on disk when this returns.

    Raises:
        OSError: it cannot be written.
    """
    line = {"reason": reason, "id": event.id, "revision": event.revision, "body": event.body.decode("utf-8", "replace")}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, orjson.dumps(line) + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
