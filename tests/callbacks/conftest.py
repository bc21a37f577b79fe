from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from inferspect.context import RequestContext, activate, deactivate
from inferspect.events.recorder import EventRecorder
from inferspect.events.spool import Spool
from inferspect.runtime import Runtime, install
from inferspect.settings import Settings
from inferspect.tenancy import TenantDirectory


@pytest.fixture
def context() -> Iterator[RequestContext]:
    """The context of a request being served."""
    opened = RequestContext("r", "/v1/chat/completions", "POST", "192.0.2.1")
    token = activate(opened)
    yield opened
    deactivate(token)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    opened = Spool(tmp_path)
    install(Runtime(Settings(), TenantDirectory({}), EventRecorder(opened)))
    yield opened
    opened.close()
