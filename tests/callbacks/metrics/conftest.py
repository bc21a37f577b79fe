from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from prometheus_client import REGISTRY

from inferspect.context import RequestContext
from inferspect.events.event import GatewayEvent, event_of

MakeEvent = Callable[..., GatewayEvent]
Told = Callable[..., float]


@pytest.fixture
def event() -> MakeEvent:
    """Makes the event of an answered chat request, with changes."""

    def make(**changes: Any) -> GatewayEvent:
        context = RequestContext(
            request_id=str(uuid.uuid4()), route="/v1/chat/completions", method="POST", client_address="",
            received_at=datetime.now(UTC), status=200,
        )  # fmt: skip
        return replace(event_of(context, 1, complete=True), **changes)

    return make


@pytest.fixture
def told() -> Told:
    """By how much a figure has grown since the test began; 0 where it is not there."""
    before = {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in _samples()}

    def value(name: str, **labels: str) -> float:
        key = tuple(sorted(labels.items()))
        return (REGISTRY.get_sample_value(name, labels) or 0.0) - before.get((name, key), 0.0)

    return value


def _samples() -> Any:
    return (sample for metric in REGISTRY.collect() for sample in metric.samples)
