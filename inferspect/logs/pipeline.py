"""How a log call becomes a line: the steps that every record of every library goes through."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Any

import structlog

from inferspect.context import current
from inferspect.logs.exceptions import describe_exception
from inferspect.logs.line_handler import LineHandler
from inferspect.logs.others import OthersWords
from inferspect.logs.printed import PrintedLines
from inferspect.logs.secrets import without_secrets

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor

    from inferspect.settings import LogSettings

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

_configured: list[tuple[LogSettings, OthersWords, LineHandler]] = []


def configure_logs(settings: LogSettings) -> None:
    """Send every logger of this process to standard error through one handler; safe to call again."""
    others = OthersWords(settings.whole)
    others.serving = PrintedLines.serving
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_request,
    ]
    final: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, describe_exception]
    if settings.format == "json":
        final.append(structlog.processors.JSONRenderer(ensure_ascii=False))
    else:
        terminal = sys.__stderr__ if isinstance(sys.stderr, PrintedLines) else sys.stderr
        final.append(structlog.dev.ConsoleRenderer(colors=terminal is not None and terminal.isatty()))
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = LineHandler()
    handler.setFormatter(SecretFreeFormatter(processors=final, foreign_pre_chain=[*shared, others]))
    _configured[:] = [(settings, others, handler)]
    _lead_all_to(handler)
    _set_levels(settings)


def withhold_values() -> None:
    """From now on tell nothing of what others' code puts into its messages, as it may be of a request.

    Called for each request of a gateway; LiteLLM may have made handlers of its own by the first, which are removed.
    """
    if PrintedLines.serving:
        return
    PrintedLines.serving = True
    for settings, others, handler in _configured:
        others.serving = True
        _lead_all_to(handler)
        _set_levels(settings)


def _lead_all_to(handler: logging.Handler) -> None:
    logging.getLogger().handlers[:] = [handler]
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger) and logger.handlers:
            logger.handlers[:] = []
            logger.propagate = True


def _set_levels(settings: LogSettings) -> None:
    root = logging.getLogger()
    root.setLevel(settings.level.upper())
    for name in LIBRARY_LOGGERS:
        library = logging.getLogger(name)
        library.propagate = True
        library.setLevel(max(logging.WARNING, root.level))
    for name in NOISY_LOGGERS:
        noisy = logging.getLogger(name)
        noisy.propagate = True
        noisy.setLevel(logging.WARNING)
    for name, level in settings.levels.items():
        logging.getLogger(name).setLevel(level.upper())


class SecretFreeFormatter(structlog.stdlib.ProcessorFormatter):
    """Removes what looks like a key from the finished line, wherever in it a library put it."""

    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def add_request(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """The id of the request that the line belongs to, and its tenant once that is known."""
    context = current()
    if context is not None:
        event.setdefault("request_id", context.request_id)
        tenant = context.tenant.id if context.tenant is not None else context.team_id
        if tenant is not None:
            event.setdefault("tenant", tenant)
    return event
