"""An exception in the log: its class and where it came from. Its message may quote a request, so it stays out."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structlog.typing import EventDict

TRACEBACK = "Traceback (most recent call last)"
INNERMOST = 12  # frames that are told of each exception
LONGEST_CHAIN = 4


def describe_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` by ``exception``, ``where`` and ``caused_by``; cut tracebacks out of messages."""
    text = event.get("event")
    if isinstance(text, str) and TRACEBACK in text:
        event["event"] = text.partition(TRACEBACK)[0].rstrip()
    event.pop("stack_info", None)
    error = _exception(event.pop("exc_info", None))
    if error is None:
        return event
    event["exception"] = type(error).__name__
    event["where"] = _places(error.__traceback__)
    if causes := _causes(error):
        event["caused_by"] = causes
    return event


def _exception(info: Any) -> BaseException | None:
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        return info
    return info[1] if isinstance(info, tuple) and isinstance(info[1], BaseException) else None


def _causes(error: BaseException) -> list[dict[str, Any]]:
    causes: list[dict[str, Any]] = []
    while len(causes) < LONGEST_CHAIN:
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None:
            break
        causes.append({"exception": type(cause).__name__, "where": _places(cause.__traceback__)})
        error = cause
    return causes


def _places(traceback: TracebackType | None) -> list[str]:
    """Module, line and function of each frame, the innermost last."""
    places = []
    while traceback is not None:
        frame = traceback.tb_frame
        places.append(f"{frame.f_globals.get('__name__', '?')}:{traceback.tb_lineno} {frame.f_code.co_name}")
        traceback = traceback.tb_next
    return places[-INNERMOST:]
