"""What is printed instead of logged becomes lines of the log, by the same rules."""

from __future__ import annotations

import io
import logging
import re
import sys
import threading
import time
import warnings
from types import FrameType, TracebackType
from typing import Any

from inferspect.logs.message_shape import shape_at
from inferspect.logs.others import WITHHELD, told

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
PRINTERS = ("traceback", "logging", "warnings", "click.", "rich.", "pprint", "inferspect.logs.printed")
TOLD_AGAIN_AFTER = 1.0  # seconds

log = logging.getLogger("inferspect.logs")


class PrintedLines(io.TextIOBase):
    """Stands in for standard output or error, so that what a library prints there is a line of the log too.

    Args:
        name: ``stdout`` or ``stderr``, the logger that the lines are of.

    Attributes:
        serving: the process serves requests, so only words of the source that prints are told.
    """

    serving = False

    def __init__(self, name: str = "stdout") -> None:
        self._log = logging.getLogger(name)
        self._level = logging.INFO if name == "stdout" else logging.WARNING
        self._descriptor = 1 if name == "stdout" else 2
        self._begun = threading.local()
        self._last: tuple[str, float] = ("", 0.0)

    def write(self, text: str) -> int:
        if getattr(self._begun, "telling", False):  # a log that is not set up yet prints its lines, and would for ever
            return 0 if sys.__stderr__ is None else sys.__stderr__.write(text)
        self._begun.telling = True
        try:
            self._tell(text)
        finally:
            self._begun.telling = False
        return len(text)

    def _tell(self, text: str) -> None:
        *lines, self._begun.text = (getattr(self._begun, "text", "") + text).split("\n")
        for line in lines:
            shown = COLOURS.sub("", line).strip()
            if shown and PrintedLines.serving:
                self._tell_shape(_printer(sys._getframe(1)))  # noqa: SLF001  the only way to the caller
            elif shown:
                self._log.log(self._level, shown)

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        """The descriptor below, which Prisma's client hands to the engine it starts."""
        return self._descriptor

    def _tell_shape(self, frame: FrameType | None) -> None:
        """Tell what the source at the caller's place says; once, though it printed many lines."""
        shape = ("", "") if frame is None else shape_at(frame.f_code.co_filename, frame.f_lineno)
        place = "?" if frame is None else f"{frame.f_globals.get('__name__', '?')}:{frame.f_lineno}"
        now = time.monotonic()
        last, at = self._last
        self._last = (place, now)
        if place != last or now - at > TOLD_AGAIN_AFTER:
            self._log.log(self._level, "%s (printed at %s)", told(shape) or WITHHELD, place, exc_info=_error_of(frame))


def take_over_output() -> None:
    """Have this process's printed text, warnings and uncaught exceptions be lines of the log."""
    sys.stdout = PrintedLines("stdout")
    sys.stderr = PrintedLines("stderr")
    warnings.showwarning = log_warning
    sys.excepthook = _log_uncaught
    sys.unraisablehook = _log_unraisable
    threading.excepthook = _log_end_of_thread


def _printer(frame: FrameType | None) -> FrameType | None:
    """The frame that wanted something printed, behind the library that printed it."""
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith(PRINTERS):
        frame = frame.f_back
    return frame


def _error_of(frame: FrameType | None) -> BaseException | None:
    """What is being handled where something is printed: often what is printed is its traceback."""
    return None if frame is None else sys.exc_info()[1]


def log_warning(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_rest: Any, **_more: Any
) -> None:
    """A warning's text may quote what it warns of, as pydantic's do."""
    text = f": {message}" if not PrintedLines.serving else ""
    log.warning("%s at %s:%s%s", category.__name__, filename.rpartition("/")[2], lineno, text)


def _log_uncaught(_kind: type[BaseException], error: BaseException, _traceback: TracebackType | None) -> None:
    log.critical("the process ends by an exception that nobody caught", exc_info=error)


def _log_unraisable(unraisable: Any) -> None:
    log.error("an exception was ignored, as nobody could catch it", exc_info=unraisable.exc_value)


def _log_end_of_thread(thread: threading.ExceptHookArgs) -> None:
    log.error("a thread ended by an exception that nobody caught", exc_info=thread.exc_value)
