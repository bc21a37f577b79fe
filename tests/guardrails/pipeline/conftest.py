from __future__ import annotations

import litellm
import pytest

from guardrails.pipeline import service


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Guardrails are each test's own, and so is what calls add to LiteLLM's lists."""
    monkeypatch.setattr(service, "_installed", [])
    for name in ("input", "success", "failure", "_async_success", "_async_failure"):
        monkeypatch.setattr(litellm, f"{name}_callback", [])
