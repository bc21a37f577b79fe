from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from inferspect.logs import configure_logs, pipeline, withhold_values
from inferspect.settings import LogSettings


class Written(io.StringIO):
    """What the log has written to standard error."""

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """The log of a process that serves no requests yet; all loggers are as before afterwards."""
    stream = Written()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(pipeline, "_configured", [])
    loggers = [logging.getLogger(), *(log for log in logging.root.manager.loggerDict.values() if _is_logger(log))]
    states = [(log, log.handlers[:], log.level, log.propagate) for log in loggers if isinstance(log, logging.Logger)]
    configure_logs(LogSettings())
    yield stream
    for log, handlers, level, propagate in states:
        log.handlers[:], log.propagate = handlers, propagate
        log.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def serving(written: Written) -> Written:
    """The log of a process that has begun to serve requests."""
    withhold_values()
    return written


def _is_logger(log: object) -> bool:
    return isinstance(log, logging.Logger)
