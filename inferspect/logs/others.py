"""What is told of the log lines of others' code, which quotes requests, answers and keys whenever something fails.

LiteLLM writes whole requests into its messages, and no pattern finds all of a request. So of such a message only what
stands in its source is told, and of the values put into it numbers, truth values and names of exceptions. Before a
process has served a request, LiteLLM's lines are told whole: they are about its configuration.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from inferspect.logs.message_shape import shape_at, values_of

if TYPE_CHECKING:
    from structlog.typing import EventDict

OURS = ("inferspect", "plugins", "guardrails", "callbacks", "stdout", "stderr")
SERVERS = ("gunicorn.error", "uvicorn", "alembic")  # they speak of processes, connections and migrations only
OF_THE_GATEWAY = ("LiteLLM", "litellm", "LiteLLM Proxy", "LiteLLM Router", "litellm_proxy_extras")
WITHHELD = "…"
LONGEST = 2_000
HARMLESS = re.compile(r"-?\d{1,6}(?:\.\d{1,9})?(?:s|ms)?|True|False|None")
EXCEPTION = re.compile(r"(?:[A-Za-z_]\w*\.)*[A-Z]\w{0,60}(?:Error|Exception|Timeout|Warning)(?=$|[:(\s])")
OF_WARNINGS = re.compile(r"(?:[^\n]*[/\\])?([^/\\\n:]+):(\d+): (\w+):")  # as the warnings module writes them
# asyncio puts its messages together from words of its own, then writes objects with all that they hold.
OF_ASYNCIO = re.compile(r"[A-Z][a-z]+(?: [a-z]+){0,8}")


class OthersWords:
    """A step of the log's pipeline that shortens messages of others' loggers.

    Attributes:
        serving: whether this process has begun to serve requests.
    """

    def __init__(self, whole: Iterable[str] = ()) -> None:
        self._whole = (*OURS, *SERVERS, *whole)
        self.serving = False

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        record = event.get("_record")
        if isinstance(record, logging.LogRecord) and not self._is_whole(record.name):
            event["event"] = told_of(record, str(event["event"]))
            event["place"] = f"{record.module}:{record.lineno}"
        return event

    def _is_whole(self, name: str) -> bool:
        return _within(name, self._whole) or (not self.serving and _within(name, OF_THE_GATEWAY))


def told_of(record: logging.LogRecord, message: str) -> str:
    """The message without its values."""
    if record.name == "py.warnings" and (warned := OF_WARNINGS.match(message)):
        return f"{warned[3]} at {warned[1]}:{warned[2]}"
    if record.name == "asyncio":
        found = OF_ASYNCIO.match(message)
        return found[0] if found else WITHHELD
    return told(shape_at(record.pathname, record.lineno), message)


def told(shape: tuple[str, ...], message: str | None = None) -> str:
    """The words of a shape with its harmless values; without ``message`` none of the values is told."""
    values = values_of(shape, message) if message is not None else None
    shown = [_shown(value) for value in values] if values is not None else [WITHHELD] * (len(shape) - 1)
    text = shape[0] + "".join(value + words for value, words in zip(shown, shape[1:], strict=True))
    return text[:LONGEST].strip()


def _shown(value: str) -> str:
    value = value.strip()
    if HARMLESS.fullmatch(value):
        return value
    exception = EXCEPTION.match(value)
    if exception is None:
        return WITHHELD
    return exception[0] if len(exception[0]) == len(value) else f"{exception[0]} {WITHHELD}"


def _within(name: str, names: Iterable[str]) -> bool:
    return any(name == known or name.startswith(f"{known}.") for known in names)
