"""Writes lines of the log so that processes that share a file do not mix them, and follow when it is rotated."""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

from inferspect.logs.printed import PrintedLines

LOG_FILE = "INFERSPECT_LOG_FILE"
LOOKED_EVERY = 1.0  # seconds
STDOUT, STDERR = 1, 2
FAILED = b'{"level": "error", "logger": "inferspect.logs", "event": "a line of the log could not be written"}\n'


class LineHandler(logging.Handler):
    """Writes each line to standard error by one call, which the system keeps whole in a file opened to append.

    Where standard error is the file that ``INFERSPECT_LOG_FILE`` names and the launcher has moved it away, this
    process's standard output and error are pointed to the new file of that name.
    """

    def __init__(self) -> None:
        super().__init__()
        path = os.environ.get(LOG_FILE)
        self._path = Path(path) if path else None
        self._looked_at = time.monotonic()
        # A test's stand-in, or somebody's who embeds the gateway.
        self._instead = None if _is_our_own(sys.stderr) else sys.stderr

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record) + "\n"
            if self._instead is not None:
                self._instead.write(line)
                return
            self._follow()
            _write(line.encode("utf-8", "replace"))
        except Exception:  # noqa: BLE001  whoever logs must not fail
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  logging's signature
        """Tell that a line is missing, and nothing of it."""
        with suppress(OSError):
            _write(FAILED)

    def _follow(self) -> None:
        now = time.monotonic()
        if self._path is None or now - self._looked_at < LOOKED_EVERY:
            return
        self._looked_at = now
        written = os.fstat(STDERR)
        with suppress(FileNotFoundError):
            named = self._path.stat()
            if (named.st_dev, named.st_ino) == (written.st_dev, written.st_ino):
                return
        new = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        for descriptor in (STDOUT, STDERR):
            if os.path.sameopenfile(descriptor, STDERR) or descriptor == STDERR:
                os.dup2(new, descriptor)
        os.close(new)


def _is_our_own(stream: object) -> bool:
    return stream is sys.__stderr__ or isinstance(stream, PrintedLines)


def _write(line: bytes) -> None:
    while line:
        line = line[os.write(STDERR, line) :]
