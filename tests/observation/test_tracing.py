from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from inferspect.observation.tracing import TracingSettings


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        (None, None),
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
        ("https://otlp.example/tenant/v1/traces", "https://otlp.example/tenant/v1/traces"),
    ],
)
def test_spans_go_where_collectors_take_them(endpoint: str | None, url: str | None) -> None:
    """The usual path is added where the address has none."""
    assert TracingSettings(endpoint=endpoint).url == url


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"endpoint": "127.0.0.1:4318"}, "must be an address"),
        ({"endpoint": "http://c:4318", "headers": {"authorization": "Bearer key"}}, "must be a reference"),
        ({"endpoint": "http://c:4318", "headers": {"authorization": "os.environ/NOT_SET_ANYWHERE"}}, "is not set"),
        ({"endpoint": "http://c:4318", "headers": {"a b": "os.environ/PATH"}}, "no name of a header"),
        ({"sample_rate": -1}, "greater than or equal to 0"),
        ({"propagate": [""]}, "at least 1 character"),
    ],
)
def test_wrong_settings_are_told_at_the_start(wrong: dict[str, Any], why: str) -> None:
    """And not when the first span is to be sent."""
    with pytest.raises(ValidationError, match=why):
        TracingSettings.model_validate(wrong)
