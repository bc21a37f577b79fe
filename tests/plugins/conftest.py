from __future__ import annotations

from collections.abc import Iterator

import pytest

from inferspect import runtime
from inferspect.context import RequestContext, activate, deactivate
from plugins.prompts import service


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the start installs is each test's own; afterwards the process has what it had."""
    monkeypatch.setattr(runtime, "_installed", [])
    monkeypatch.setattr(service, "_installed", [])


@pytest.fixture
def context() -> Iterator[RequestContext]:
    """The context of a request being served."""
    opened = RequestContext("r", "/v1/chat/completions", "POST", "192.0.2.1")
    token = activate(opened)
    yield opened
    deactivate(token)
