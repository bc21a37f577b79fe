"""One log for LiteLLM, uvicorn and InferSpect: a line an object, with the request id and without secrets."""

from __future__ import annotations

import io
import logging
import re
import sys
from typing import TYPE_CHECKING, Any

import structlog

from inferspect.context import current

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

    from inferspect.settings import LogSettings

# The finished line is searched, where JSON has made two characters of a line break: `\nsk-…` is a key, `risk-…` is not.
SECRETS = re.compile(
    r"(?P<key>(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))(?:sk|pk|rk)-[A-Za-z0-9_\-]{8,})"
    r"|(?P<bearer>(?i:bearer)(?:\s|\\+[nrt])+[A-Za-z0-9._~+/\-]{8,}=*)"
    r"|(?<=://)(?P<login>[^\s:/@\"',]*:[^\s/\"',]+)(?=@)"
)
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
# What LiteLLM logs of a tool's error quotes the tool; that it failed, and how, stands before it.
TOOL_ERROR = re.compile(
    r"(MCP client \w+ failed - Error Type: \w+|[^:]*\b(?:MCP tool call|local tool)\b[^:]*)(?:, Error)?: .*", re.DOTALL
)
TRACEBACK = "Traceback (most recent call last)"
LIBRARY_LOGGERS = (
    "LiteLLM",
    "LiteLLM Proxy",
    "LiteLLM Router",
    "uvicorn",
    "uvicorn.error",
    "gunicorn.error",
    "alembic",
)
NOISY_LOGGERS = (
    "presidio-analyzer",
    "httpx",
    "httpcore",
    "apscheduler",
    "openai",
    "alembic.runtime.migration",
    "uvicorn.access",
    "gunicorn.access",
)


def configure_logs(settings: LogSettings) -> None:
    """Send every logger of this process to standard error through one handler; safe to call again."""
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_request_id,
    ]
    final: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, describe_exception]
    if settings.format == "json":
        final.append(structlog.processors.JSONRenderer())
    else:
        final.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SecretFreeFormatter(processors=final, foreign_pre_chain=shared))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.level.upper())
    for name in LIBRARY_LOGGERS:
        library = logging.getLogger(name)
        library.handlers[:] = []
        library.propagate = True
        library.setLevel(max(logging.WARNING, root.level))
    for name in NOISY_LOGGERS:
        noisy = logging.getLogger(name)
        noisy.handlers[:] = []
        noisy.propagate = True
        noisy.setLevel(logging.WARNING)


class SecretFreeFormatter(structlog.stdlib.ProcessorFormatter):
    """Removes what looks like a key from the finished line, wherever in it a library put it."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


class PrintedLines(io.TextIOBase):
    """Stands in for standard output, so that what a library prints is a line of the log too."""

    def __init__(self) -> None:
        self._rest = ""
        self._log = logging.getLogger("stdout")

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if shown := COLOURS.sub("", line).strip():
                self._log.info(shown)
        return len(text)

    def fileno(self) -> int:
        """The descriptor below, which Prisma's client hands to the engine it starts."""
        return sys.__stdout__.fileno() if sys.__stdout__ else 1


def without_secrets(text: str) -> str:
    """The text with API keys, bearer tokens and logins in URLs replaced by ``[secret]``."""
    return SECRETS.sub("[secret]", text)


def add_request_id(_logger: Any, _method: str, event: EventDict) -> EventDict:
    context = current()
    if context is not None:
        event.setdefault("request_id", context.request_id)
    return event


def describe_exception(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Class and place of an exception; its message and its frames' values may hold content, so they stay out."""
    text = event.get("event")
    if isinstance(text, str) and TRACEBACK in text:
        event["event"] = text.partition(TRACEBACK)[0].rstrip()
    elif isinstance(text, str) and (quoting := TOOL_ERROR.match(text)):
        event["event"] = quoting[1]
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    if isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if not (isinstance(info, tuple) and info[0]):
        return event
    kind, _, traceback = info
    places = []
    while traceback is not None:
        frame = traceback.tb_frame
        places.append(f"{frame.f_globals.get('__name__', '?')}:{traceback.tb_lineno}")
        traceback = traceback.tb_next
    event["exception"] = kind.__name__
    event["where"] = places[-8:]
    return event
