"""A model of the gateway as judge, scripted: what it says decides, and where it says nothing, nothing goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from inferspect.testing.gateway import GatewayProcess
from inferspect.testing.upstream import UpstreamSimulator
from tests.gateway.guarding import CHATS, Answer, ask, new_mark

JUDGES = [
    ("content_safety", "content_blocked", "illicit"),
    ("prompt_injection", "prompt_injection_blocked", "override"),
]


@pytest.fixture
def judging(scripted: UpstreamSimulator) -> Callable[..., None]:
    """Has the judge answer a probability and a category, or anything else, whatever it is asked."""

    def judge(answer: Any) -> None:
        told = answer if isinstance(answer, str) else json.dumps(answer)
        # The model's name tells the judge from those who are judged; LiteLLM drops what stands before the slash.
        scripted.script = [{"match": "Judge the text between", "answer": told}]

    return judge


def key_of(gateway: GatewayProcess, guardrail: str, model: str = "sim/demo", **rules: Any) -> str:
    judge = {"model": model, "timeout": 10}
    return gateway.new_key(rules={guardrail: {"dry_run": False, "judge": judge, **rules}})


def asked(upstream: UpstreamSimulator, mark: str) -> tuple[int, int]:
    """How often the judge was asked about a text, and how often a provider got it."""
    requests = [request.text for request in upstream.received if mark in request.text]
    judged = sum("You are a classifier" in request for request in requests)
    return judged, len(requests) - judged


@pytest.mark.parametrize("path", CHATS)
@pytest.mark.parametrize(("guardrail", "code", "category"), JUDGES)
def test_the_judge_decides(
    *,
    gateway: GatewayProcess,
    upstream: UpstreamSimulator,
    judging: Callable[..., None],
    path: str,
    guardrail: str,
    code: str,
    category: str,
) -> None:
    """Above the threshold the request is refused before a provider is called; below it goes on."""
    key, mark = key_of(gateway, guardrail), new_mark()
    judging({"probability": 0.9, "category": category})
    answer = ask(gateway, key, path, f"{mark} something in disguise")
    assert (answer.status, answer.code) == (httpx.codes.BAD_REQUEST, code)
    assert asked(upstream, mark) == (1, 0)
    mark = new_mark()
    judging({"probability": 0.1, "category": "none"})
    assert ask(gateway, key, path, f"{mark} something harmless").status == httpx.codes.OK
    assert asked(upstream, mark) == (1, 1)


@pytest.mark.parametrize(("guardrail", "code", "category"), JUDGES)
def test_a_judge_in_a_dry_run_only_tells(
    *,
    gateway: GatewayProcess,
    event_of: Callable[[str], dict[str, Any]],
    judging: Callable[..., None],
    guardrail: str,
    code: str,
    category: str,
) -> None:
    """Its opinion is in the event."""
    del code
    judging({"probability": 0.9, "category": category})
    answer = ask(gateway, key_of(gateway, guardrail, dry_run=True), "chat/completions", new_mark())
    assert answer.status == httpx.codes.OK
    verdicts = event_of(answer.request_id)["verdicts"]
    (verdict,) = [v for v in verdicts if (v["guardrail"], v["direction"]) == (guardrail, "input")]
    assert (verdict["decision"], verdict["dry_run"], sum(verdict["counts"].values())) == ("report", True, 1)


@pytest.mark.parametrize("path", CHATS)
@pytest.mark.parametrize(
    "answer",
    ["I'd say it is fine.", {"probability": 7, "category": "none"}, {"probability": 0}, "[]", ""],
    ids=["prose", "out of range", "member missing", "list", "empty"],
)
def test_a_judge_that_says_something_else_lets_nothing_through(
    gateway: GatewayProcess, upstream: UpstreamSimulator, judging: Callable[..., None], path: str, answer: Any
) -> None:
    """An answer that is not the one that was asked for is none."""
    judging(answer)
    mark = new_mark()
    refused = ask(gateway, key_of(gateway, "content_safety"), path, mark)
    assert (refused.status, refused.code) == (httpx.codes.SERVICE_UNAVAILABLE, "guardrail_judge_unavailable")
    assert asked(upstream, mark)[1] == 0


@pytest.mark.parametrize("model", ["sim/error-500", "no-such-model"])
def test_a_judge_that_is_down_lets_nothing_through(
    gateway: GatewayProcess, upstream: UpstreamSimulator, model: str
) -> None:
    """Whether its provider fails or its name leads nowhere."""
    mark = new_mark()
    refused = ask(gateway, key_of(gateway, "prompt_injection", model), "chat/completions", mark)
    assert (refused.status, refused.code) == (httpx.codes.SERVICE_UNAVAILABLE, "guardrail_judge_unavailable")
    assert asked(upstream, mark)[1] == 0


def test_a_judge_that_takes_too_long_lets_nothing_through(gateway: GatewayProcess, upstream: UpstreamSimulator) -> None:
    """The tenant's time-out holds."""
    judge = {"model": "sim/hang", "timeout": 0.3}
    key = gateway.new_key(rules={"content_safety": {"dry_run": False, "judge": judge}})
    mark = new_mark()
    refused = ask(gateway, key, "chat/completions", mark)
    assert (refused.status, refused.code) == (httpx.codes.SERVICE_UNAVAILABLE, "guardrail_judge_unavailable")
    assert asked(upstream, mark)[1] == 0


def test_the_judge_sees_redacted_text_and_leaves_no_trace_of_it(
    gateway: GatewayProcess, upstream: UpstreamSimulator, judging: Callable[..., None]
) -> None:
    """What is masked for the provider is masked for the judge."""
    judging({"probability": 0, "category": "none"})
    mark = new_mark()
    mail = f"{mark[:8]}@example.com"
    answer: Answer = ask(gateway, key_of(gateway, "content_safety"), "chat/completions", f"{mark} {mail}")
    assert answer.status == httpx.codes.OK
    assert asked(upstream, mark) == (1, 1)
    assert not any(mail in request.text for request in upstream.received)


def test_an_opinion_is_remembered(
    gateway: GatewayProcess, upstream: UpstreamSimulator, judging: Callable[..., None]
) -> None:
    """The same text is judged once."""
    judging({"probability": 0, "category": "none"})
    key, mark = key_of(gateway, "content_safety"), new_mark()
    for _ in range(3):
        assert ask(gateway, key, "chat/completions", mark).status == httpx.codes.OK
    assert asked(upstream, mark) == (1, 3)
