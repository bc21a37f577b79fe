"""The collector fails as it is told, and as Langfuse would; as a process of its own it can be killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from inferspect.testing import faults
from inferspect.testing.langfuse import LangfuseCollector, LangfuseProcess
from inferspect.testing.langfuse.collector import PUBLIC_KEY, SECRET_KEY

TRACE_ID = "0123456789abcdef0123456789abcdef"
SCORES = "/api/public/scores"


@pytest.fixture
def collector() -> Iterator[LangfuseCollector]:
    with LangfuseCollector() as running:
        yield running


def send(url: str, *names: str, **options: Any) -> httpx.Response:
    scores = [{"id": name, "name": name, "value": 0.5, "traceId": TRACE_ID} for name in names or ("Relevance",)]
    return httpx.post(f"{url}{SCORES}", json=scores, auth=(PUBLIC_KEY, SECRET_KEY), **options)


def test_failures_are_counted_out_and_keep_nothing(collector: LangfuseCollector) -> None:
    """Two requests fail, in the order of the commands, the third is taken; other paths are not concerned."""
    collector.behave("error-500", requests=1, path=SCORES)
    collector.behave("error-429-retry-after-1.5", requests=1)
    first, second, third = (send(collector.url) for _ in range(3))
    assert (first.status_code, first.json()["message"]) == (500, "Internal Server Error")
    assert (second.status_code, second.headers["retry-after"], second.content) == (429, "1.5", b"")
    assert third.status_code == httpx.codes.ACCEPTED
    assert len(collector.scores()) == 1
    assert collector.requests == 3


def test_failures_end_with_their_time(collector: LangfuseCollector, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests fail until then, and not after."""
    clock = [100.0]
    monkeypatch.setattr(faults, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    collector.behave("error-500", seconds=3)
    for now, status in (
        (100.0, httpx.codes.INTERNAL_SERVER_ERROR),
        (102.9, httpx.codes.INTERNAL_SERVER_ERROR),
        (103.0, httpx.codes.ACCEPTED),
    ):
        clock[0] = now
        assert send(collector.url).status_code == status


def test_requests_over_a_limit_fail(collector: LangfuseCollector) -> None:
    """The smaller ones are taken."""
    collector.behave("limit-200")
    assert send(collector.url, "Relevance").status_code == httpx.codes.ACCEPTED
    assert send(collector.url, *("Relevance",) * 9).status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert len(collector.scores()) == 1


def test_a_partial_answer_names_what_was_refused(collector: LangfuseCollector) -> None:
    """Every other score, and every other event, each with a reason."""
    collector.behave("partial", requests=2)
    assert send(collector.url, "a", "b", "c").json()["rejected"] == 1
    bodies = [{"id": name, "name": name, "value": 1, "traceId": TRACE_ID} for name in "de"]
    batch = [
        {"id": body["id"], "type": "score-create", "timestamp": "2026-11-21T00:00:00Z", "body": body} for body in bodies
    ]
    url = f"{collector.url}/api/public/ingestion"
    told = httpx.post(url, json={"batch": batch}, auth=(PUBLIC_KEY, SECRET_KEY)).json()
    assert [one["id"] for one in told["successes"]] == ["d"]
    assert [(one["id"], one["status"]) for one in told["errors"]] == [("e", 500)]
    assert [score.id for score in collector.scores()] == ["a", "c", "d"]


def test_a_dropped_connection_may_have_kept_what_came(collector: LangfuseCollector) -> None:
    """`drop` keeps nothing, `drop-answer` all; the sender cannot tell them apart."""
    for command in ("drop", "drop-answer"):
        collector.behave(command, requests=1)
        with pytest.raises(httpx.RemoteProtocolError):
            send(collector.url, command)
    assert [score.id for score in collector.scores()] == ["drop-answer"]


def test_a_hanging_request_gets_no_answer_while_others_do(collector: LangfuseCollector) -> None:
    """It ends with its connection only."""
    collector.behave("hang", requests=1)
    with ThreadPoolExecutor() as pool:
        hanging = pool.submit(send, collector.url, "hanging", timeout=None)
        while collector.requests == 0:
            time.sleep(0.01)
        assert send(collector.url, "other").status_code == httpx.codes.ACCEPTED
        assert not hanging.done()
        collector.stop()
        with pytest.raises(httpx.RemoteProtocolError):
            hanging.result()
    assert [score.id for score in collector.scores()] == ["other"]


def test_a_slow_answer_is_late_but_the_same(collector: LangfuseCollector) -> None:
    """What came is kept at once."""
    collector.behave("latency-300ms")
    began = time.monotonic()
    assert send(collector.url).status_code == httpx.codes.ACCEPTED
    assert time.monotonic() - began >= 0.3


def test_recovering_and_resetting(collector: LangfuseCollector) -> None:
    """`recover` ends failures, `reset` forgets what came, too."""
    collector.behave("error-500")
    assert send(collector.url).status_code == httpx.codes.INTERNAL_SERVER_ERROR
    collector.recover()
    assert send(collector.url).status_code == httpx.codes.ACCEPTED
    collector.reset()
    assert (collector.scores(), collector.received, collector.requests) == ([], [], 0)


def test_unknown_commands_are_refused(collector: LangfuseCollector) -> None:
    """The error lists what there is."""
    with pytest.raises(ValueError, match="there is no fault 'explode'; there are error-500"):
        collector.behave("explode")


def test_what_came_outlives_a_killed_process(tmp_path: Path) -> None:
    """While it is dead nobody listens; afterwards it has on the same port what it had, and takes more of the same."""
    with LangfuseProcess(tmp_path) as process:
        assert send(process.url, "before").status_code == httpx.codes.ACCEPTED
        process.kill()
        with pytest.raises(httpx.ConnectError):
            send(process.url, "lost")
        url = process.url
        process.start()
        assert process.url == url
        send(process.url, "after")
        assert [score.id for score in process.scores()] == ["before", "after"]
        assert process.traces() == {}
        assert process.requests == 1


def test_a_line_that_a_kill_cut_is_left_out(tmp_path: Path) -> None:
    """Its sender got no answer and sends it again; what comes later is kept."""
    file = tmp_path / f"{PUBLIC_KEY}.jsonl"
    with LangfuseCollector(folder=tmp_path) as collector:
        send(collector.url, "whole")
    file.write_bytes(file.read_bytes() + b'["Score", {"id": "cut')
    with LangfuseCollector(folder=tmp_path) as collector:
        send(collector.url, "later")
    with LangfuseCollector(folder=tmp_path) as collector:
        assert [score.id for score in collector.scores()] == ["whole", "later"]


def test_a_process_is_told_what_to_do_over_http(tmp_path: Path) -> None:
    """Commands, recovery, prompts and errors, under its own paths."""
    with LangfuseProcess(tmp_path) as process:
        process.behave("error-503", path=SCORES)
        assert send(process.url).status_code == httpx.codes.SERVICE_UNAVAILABLE
        process.recover()
        assert send(process.url).status_code == httpx.codes.ACCEPTED
        with pytest.raises(httpx.HTTPStatusError, match="400"):
            process.behave("explode")
        prompt = {"name": "greet", "prompt": "Hello", "labels": ["canary"]}
        httpx.post(f"{process.url}/_double/prompts", json=prompt).raise_for_status()
        found = httpx.get(
            f"{process.url}/api/public/v2/prompts/greet?label=canary", auth=(PUBLIC_KEY, SECRET_KEY)
        ).raise_for_status()
        assert found.json()["prompt"] == "Hello"
        assert httpx.get(f"{process.url}/_double/nothing").status_code == httpx.codes.NOT_FOUND


@pytest.mark.parametrize("module", ["langfuse", "otlp", "notifications"])
def test_a_signal_ends_a_process_without_complaint(module: str) -> None:
    command = [sys.executable, "-m", f"inferspect.testing.{module}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
