"""From thumbs down in Langfuse to the requests that they are about."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from evals.promotion.langfuse_scores import LangfuseError, opinions
from evals.suites.core_yaml import read_yaml
from inferspect.observation.langfuse import Project
from inferspect.spans.builder import call_span_id
from inferspect.spans.sessions import SessionTraces
from inferspect.testing.langfuse import LangfuseCollector
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY
from tests.evals.promotion.conftest import Plant, Run
from tests.evals.promotion.recorded import Recorded, make_suite

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
SALT = "a-salt-key-of-the-test-alone"


@pytest.fixture
def langfuse(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    make_suite(tmp_path / "promptfoo")
    with LangfuseCollector() as collector:
        monkeypatch.setenv("LANGFUSE_HOST", collector.url)
        monkeypatch.setenv("LANGFUSE_PUBLIC_KEY", PUBLIC_KEY)
        monkeypatch.setenv("LANGFUSE_SECRET_KEY", SECRET_KEY)
        yield collector


def judge(langfuse: LangfuseCollector, value: Any, **told: Any) -> None:
    body = {"name": "user-feedback", "value": value, "timestamp": datetime.now(UTC).isoformat(), **told}
    body["dataType"] = told.get("dataType", "NUMERIC")
    httpx.post(f"{langfuse.url}/api/public/scores", json=body, auth=(PUBLIC_KEY, SECRET_KEY)).raise_for_status()


def questions(tmp_path: Path) -> list[str]:
    cases = read_yaml(tmp_path / "promptfoo" / "suites" / "shop" / "cases" / "promoted.yaml")
    return [case["vars"]["question"] for case in cases]


@pytest.mark.parametrize("version", ["v3", "v2"])
def test_answers_that_people_did_not_like_are_promoted(
    version: str, run: Run, plant: Plant, langfuse: LangfuseCollector, tmp_path: Path
) -> None:
    bad, worse, good, other = plant(*(Recorded(question) for question in ("Bad?", "Worse?", "Good?", "Other?")))
    judge(langfuse, 0, traceId=uuid.UUID(bad).hex)
    judge(langfuse, 0, traceId=uuid.UUID(worse).hex, dataType="BOOLEAN")
    judge(langfuse, 1, traceId=uuid.UUID(good).hex)
    judge(langfuse, 0, traceId=uuid.UUID(other).hex, name="something-else")
    if version == "v2":
        langfuse.behave("error-404", path="/api/public/v3")
    result = run("--thumbs-down", "--yes")
    assert result.exit_code == 0, result.output
    assert set(questions(tmp_path)) == {"Bad?", "Worse?"}
    assert SECRET_KEY not in result.output


def test_of_a_trace_of_several_requests_the_judged_one_counts_or_the_last_before(
    run: Run, plant: Plant, langfuse: LangfuseCollector, tmp_path: Path
) -> None:
    told = {"trace_parent": PARENT}
    first, *_ = plant(
        Recorded("First?", hours_ago=3, told=told),
        Recorded("Second?", hours_ago=2, told=told),
        Recorded("Third?", hours_ago=1, told=told),
    )
    judge(langfuse, 0, traceId=TRACE, observationId=call_span_id(first).hex())
    judge(langfuse, 0, traceId=TRACE, timestamp=(datetime.now(UTC) - timedelta(hours=1.5)).isoformat())
    run("--thumbs-down", "--yes")
    assert set(questions(tmp_path)) == {"First?", "Second?"}


def test_traces_and_scores_of_sessions_lead_to_their_last_request(
    run: Run, plant: Plant, langfuse: LangfuseCollector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITELLM_SALT_KEY", SALT)
    (tmp_path / "litellm_config.yaml").write_text("inferspect: {langfuse: {traces_by: session}}\n")
    plant(
        Recorded("Early?", hours_ago=3, told={"session_id": "s-1"}),
        Recorded("Late?", hours_ago=2, told={"session_id": "s-1"}),
        Recorded("Elsewhere?", hours_ago=2, told={"session_id": "s-2"}),
        Recorded("Of another?", hours_ago=2, told={"session_id": "s-3"}),
    )
    judge(langfuse, 0, traceId=SessionTraces(SALT).id_of("team-1", "s-1").hex())
    judge(langfuse, 0, sessionId="s-2")
    run("--thumbs-down", "--yes")
    assert set(questions(tmp_path)) == {"Late?", "Elsewhere?"}


def test_a_langfuse_that_fails_is_told_without_its_key(run: Run, langfuse: LangfuseCollector) -> None:
    langfuse.behave("error-500")
    result = run("--thumbs-down", "--yes")
    assert result.exit_code == 1
    assert "refused (500)" in result.output
    assert SECRET_KEY not in result.output


async def test_scores_come_page_by_page(langfuse: LangfuseCollector) -> None:
    scores = [
        {"id": f"s{number}", "name": "user-feedback", "value": number, "traceId": TRACE, "dataType": "NUMERIC"}
        for number in range(250)
    ]
    httpx.post(f"{langfuse.url}/api/public/scores", json=scores, auth=(PUBLIC_KEY, SECRET_KEY)).raise_for_status()
    project = Project(langfuse.url, PUBLIC_KEY, SECRET_KEY)
    since = datetime.now(UTC) - timedelta(hours=1)
    for path in ("", "/api/public/v3"):
        if path:
            langfuse.behave("error-404", path=path)
        found = [one.value async for one in opinions(project, "user-feedback", since)]
        assert sorted(found) == list(range(250))


async def test_a_server_that_is_no_langfuse_is_told_as_such(langfuse: LangfuseCollector) -> None:
    langfuse.behave("error-404")
    with pytest.raises(LangfuseError, match="is it the address of a Langfuse"):
        _ = [one async for one in opinions(Project(langfuse.url, PUBLIC_KEY, SECRET_KEY), "a", datetime.now(UTC))]
