"""What rules of scripted answers look at beside the last user message, and the chance with which they apply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from inferspect.testing.upstream import UpstreamSimulator
from inferspect.testing.upstream.script import Script, ScriptError

SCRIPT = [
    {"match": "^How long", "system": "(?i)30 days", "answer": "30 days."},
    {"match": "^How long", "history": "a novel[\\s\\S]*Which", "answer": "A novel: ask."},
    {"match": "^How long", "answer": "No idea."},
]
NOVEL = [{"role": "user", "content": "I read a novel."}, {"role": "assistant", "content": "Which?"}]
QUESTION = {"role": "user", "content": "How long?"}
RULE = "Return within 30 days."


@pytest.fixture
def upstream() -> Iterator[UpstreamSimulator]:
    with UpstreamSimulator(script=SCRIPT) as simulator:
        yield simulator


def answer(upstream: UpstreamSimulator, path: str, body: dict[str, Any]) -> str:
    content = httpx.post(f"{upstream.url}/v1/{path}", json={"model": "demo", **body}).raise_for_status().json()
    if path == "chat/completions":
        return str(content["choices"][0]["message"]["content"])
    if path == "responses":
        return str(content["output"][0]["content"][0]["text"])
    return str(content["content"][0]["text"])


def chat(*messages: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "chat/completions", {"messages": list(messages)}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        chat({"role": "system", "content": RULE}, QUESTION),
        chat({"role": "developer", "content": [{"type": "text", "text": RULE}]}, QUESTION),
        ("responses", {"instructions": RULE, "input": "How long?"}),
        ("responses", {"input": [{"role": "developer", "content": RULE}, QUESTION]}),
        ("messages", {"system": RULE, "messages": [QUESTION], "max_tokens": 99}),
        ("messages", {"system": [{"type": "text", "text": RULE}], "messages": [QUESTION], "max_tokens": 99}),
    ],
)
def test_a_rule_may_need_something_of_the_system_message(
    upstream: UpstreamSimulator, path: str, body: dict[str, Any]
) -> None:
    """Wherever an API has instructions; so a prompt that lost one gets another answer."""
    assert answer(upstream, path, body) == "30 days."


@pytest.mark.parametrize(
    ("path", "body"),
    [
        chat({"role": "user", "content": RULE}, QUESTION),
        chat({"role": "system", "content": "Be brief."}, QUESTION),
        ("responses", {"input": "How long?"}),
        ("messages", {"messages": [QUESTION], "max_tokens": 99}),
    ],
)
def test_what_users_say_is_no_instruction(upstream: UpstreamSimulator, path: str, body: dict[str, Any]) -> None:
    """Only the system and developers instruct."""
    assert answer(upstream, path, body) == "No idea."


@pytest.mark.parametrize(
    ("path", "body"),
    [
        chat(*NOVEL, QUESTION),
        ("responses", {"input": [*NOVEL, QUESTION]}),
        ("messages", {"messages": [*NOVEL, QUESTION], "max_tokens": 99}),
    ],
)
def test_a_rule_may_need_something_said_before(upstream: UpstreamSimulator, path: str, body: dict[str, Any]) -> None:
    """By the user or the assistant, before the last message of the user."""
    assert answer(upstream, path, body) == "A novel: ask."


def test_the_last_message_and_what_follows_it_are_no_history(upstream: UpstreamSimulator) -> None:
    """Neither is what the system said."""
    said = {"role": "user", "content": "How long? I read a novel. Which?"}
    assert answer(upstream, *chat(said, *NOVEL[1:])) == "No idea."
    assert answer(upstream, *chat({"role": "system", "content": "a novel\nWhich"}, QUESTION)) == "No idea."


def test_a_chance_lets_a_rule_apply_now_and_then(upstream: UpstreamSimulator) -> None:
    """Otherwise the next rule that fits answers; two simulators that are asked the same draw the same."""
    upstream.script = [{"match": ".", "chance": 0.3, "answer": "rare"}, {"match": ".", "answer": "usual"}]
    answers = [answer(upstream, *chat(QUESTION)) for _ in range(100)]
    assert 15 <= answers.count("rare") <= 45
    with UpstreamSimulator(script=upstream.script) as other:
        assert [answer(other, *chat(QUESTION)) for _ in range(100)] == answers


@pytest.mark.parametrize(("chance", "told"), [(0, "usual"), (1, "rare")])
def test_a_chance_may_be_none_or_all(upstream: UpstreamSimulator, chance: float, told: str) -> None:
    """The bounds hold exactly."""
    upstream.script = [{"match": ".", "chance": chance, "answer": "rare"}, {"match": ".", "answer": "usual"}]
    assert {answer(upstream, *chat(QUESTION)) for _ in range(20)} == {told}


@pytest.mark.parametrize("rule", [{"match": ".", "chance": 1.1}, {"match": ".", "chance": -0.1}, {"system": "("}])
def test_a_wrong_condition_is_refused(rule: dict[str, Any]) -> None:
    """Where the rule is made, not where it is asked."""
    with pytest.raises(ScriptError, match="rule 1"):
        Script.of([{**rule, "answer": "x"}])


def test_a_rule_may_look_at_the_system_message_alone() -> None:
    """Any one condition is enough."""
    assert Script.of([{"system": "x", "answer": "y"}]).rules
