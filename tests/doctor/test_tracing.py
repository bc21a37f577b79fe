"""What the doctor says about Langfuse and collectors, against doubles of both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inferspect.doctor import Examination, Level
from inferspect.doctor.tracing import check_collector, check_langfuse
from inferspect.testing.langfuse import LangfuseCollector
from inferspect.testing.otlp import OtlpCollector

PUBLIC, SECRET = "pk-lf-doctor", "sk-lf-" + "doctor"


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BASE_URL", "HOST", "PUBLIC_KEY", "SECRET_KEY"):
        monkeypatch.delenv(f"LANGFUSE_{name}", raising=False)


@pytest.fixture(scope="module")
def langfuse() -> Iterator[LangfuseCollector]:
    with LangfuseCollector(keys={PUBLIC: SECRET}) as running:
        yield running


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch, langfuse: LangfuseCollector) -> pytest.MonkeyPatch:
    langfuse.reset()
    monkeypatch.setenv("LANGFUSE_HOST", langfuse.url)
    monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", PUBLIC)
    monkeypatch.setenv("LANGFUSE_SECRET_KEY", SECRET)
    return monkeypatch


def test_nothing_configured_is_well(patient: Examination) -> None:
    """Nobody is asked."""
    assert check_langfuse(patient).level is Level.OK
    assert check_langfuse(patient).message.startswith("not configured")
    assert check_collector(patient).message.startswith("not configured")


def test_a_project_is_named(patient: Examination, keys: pytest.MonkeyPatch, langfuse: LangfuseCollector) -> None:
    """The keys work, and one sees whose they are."""
    result = check_langfuse(patient)
    assert (result.level, result.message) == (Level.OK, f"project {PUBLIC} at {langfuse.url}")


def test_wrong_keys_are_told_from_a_server_that_is_away(
    patient: Examination, keys: pytest.MonkeyPatch, langfuse: LangfuseCollector
) -> None:
    """Each has a remedy of its own, and no key is told."""
    keys.setenv("LANGFUSE_SECRET_KEY", "sk-lf-" + "wrong")
    wrong = check_langfuse(patient)
    assert (wrong.level, wrong.message) == (Level.WARNING, f"{langfuse.url} refuses the keys (401); traces wait")
    keys.setenv("LANGFUSE_HOST", "http://127.0.0.1:1")
    away = check_langfuse(patient)
    assert (away.level, away.message) == (Level.WARNING, "http://127.0.0.1:1 cannot be reached: ConnectError")
    assert "wrong" not in wrong.message + wrong.remedy + away.message + away.remedy


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("error-404", "is no Langfuse: it answers 404"),
        ("redirect-http://127.0.0.1:1/", "is no Langfuse: it answers 302"),
    ],
)
def test_another_server_is_no_langfuse(
    patient: Examination, keys: pytest.MonkeyPatch, langfuse: LangfuseCollector, command: str, message: str
) -> None:
    """Something answers, but it is not what the address should lead to."""
    langfuse.behave(command)
    assert message in check_langfuse(patient).message


def test_half_of_the_keys_is_a_warning(patient: Examination, keys: pytest.MonkeyPatch) -> None:
    """Traces would wait for the other; so is a wrong address."""
    keys.delenv("LANGFUSE_SECRET_KEY")
    assert check_langfuse(patient).message == "os.environ/LANGFUSE_SECRET_KEY is not set"
    keys.setenv("LANGFUSE_SECRET_KEY", SECRET)
    keys.setenv("LANGFUSE_HOST", "127.0.0.1")
    assert check_langfuse(patient).message.startswith("LANGFUSE_HOST must be an address")


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
