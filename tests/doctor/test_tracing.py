"""What the doctor says about a collector, against a double of it."""

from __future__ import annotations

import pytest

from inferspect.doctor import Examination
from inferspect.doctor.tracing import check_collector
from inferspect.testing.otlp import OtlpCollector


def test_no_collector_is_well(patient: Examination) -> None:
    """Nobody is asked."""
    assert check_collector(patient).message.startswith("not configured")


def test_a_collector_takes_spans_or_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is sent a request without spans, with the headers of the settings."""
    monkeypatch.setenv("COLLECTOR_KEY", "Bearer " + "key")
    monkeypatch.setenv("INFERSPECT_TRACING__HEADERS", '{"authorization": "os.environ/COLLECTOR_KEY"}')
    with OtlpCollector() as collector:
        monkeypatch.setenv("INFERSPECT_TRACING__ENDPOINT", collector.url)
        assert check_collector(Examination()).message == f"takes spans at {collector.url}/v1/traces"
        assert collector.received[0].headers["authorization"] == "Bearer key"
        collector.behave("error-401", requests=1)
        assert check_collector(Examination()).message.endswith("refuses the headers (401)")
        collector.behave("error-404", requests=1)
        assert check_collector(Examination()).message.endswith("answers 404")
    assert "cannot be reached: ConnectError" in check_collector(Examination()).message
