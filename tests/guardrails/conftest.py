import os
from collections.abc import Iterator

import pytest

# LiteLLM asks for its price list when it is imported.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

from inferspect import context as request_context
from inferspect import runtime
from inferspect.context import RequestContext
from inferspect.settings import Settings
from inferspect.tenancy import TenantDirectory


@pytest.fixture(autouse=True)
def _running(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runtime is each test's own; afterwards the process has what it had."""
    monkeypatch.setattr(runtime, "_installed", [])
    runtime.install(runtime.Runtime(settings=Settings(), tenants=TenantDirectory({})))


@pytest.fixture
def context() -> Iterator[RequestContext]:
    """The context of a request being served."""
    opened = RequestContext(request_id="r-1", route="/v1/chat/completions", method="POST", client_address="127.0.0.1")
    token = request_context.activate(opened)
    yield opened
    request_context.deactivate(token)
