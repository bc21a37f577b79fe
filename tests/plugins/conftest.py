from __future__ import annotations

from collections.abc import Iterator

import pytest

from inferspect.context import RequestContext, activate, deactivate


@pytest.fixture
def context() -> Iterator[RequestContext]:
    """The context of a request being served."""
    opened = RequestContext("r", "/v1/chat/completions", "POST", "192.0.2.1")
    token = activate(opened)
    yield opened
    deactivate(token)
