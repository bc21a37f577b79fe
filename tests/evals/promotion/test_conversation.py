"""What is read of kept contents, whichever API was called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evals.promotion.conversation import LONGEST, NotPromotableError, ToolCall, read_conversation, typed_question

QUESTION = [{"role": "user", "content": "Why?"}]


def read(asked: Any, answered: Any = None) -> Any:
    return read_conversation(json.dumps(asked), None if answered is None else json.dumps(answered))


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (QUESTION, [("user", "Why?")]),
        ({"messages": QUESTION, "tools": [{"name": "find"}]}, [("user", "Why?")]),
        ([{"role": "developer", "content": "Be kind."}, *QUESTION], [("system", "Be kind."), ("user", "Why?")]),
        ({"messages": QUESTION, "system": [{"type": "text", "text": "Be kind."}]},
         [("system", "Be kind."), ("user", "Why?")]),
        ({"input": "Why?", "instructions": "Be kind."}, [("system", "Be kind."), ("user", "Why?")]),
        ({"input": [{"role": "user", "content": [{"type": "input_text", "text": "Why?"}]}]}, [("user", "Why?")]),
        ({"contents": [{"role": "model", "parts": [{"text": "Hi"}]}, {"parts": [{"text": "Why?"}]}]},
         [("assistant", "Hi"), ("user", "Why?")]),
        ("Why?", [("user", "Why?")]),
        ([{"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "two"}]}],
         [("user", "One\ntwo")]),
    ],
)  # fmt: skip
def test_messages_of_each_api_are_read_alike(asked: Any, expected: list[tuple[str, str]]) -> None:
    assert [(message.role, message.text) for message in read(asked).messages] == expected


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        ([{"index": 0, "message": {"content": "Because."}}, {"message": {"content": "No."}}], "Because."),
        ([{"finish_reason": "stop", "text": "Because."}, {"finish_reason": "stop", "text": "No."}], "Because."),
        ([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Because."}], "Because."),
        ([{"type": "message", "content": [{"type": "output_text", "text": "Because."}]}], "Because."),
        ([{"content": {"parts": [{"text": "Because."}]}, "finishReason": "STOP"}], "Because."),
        ([{"index": 0, "finish_reason": "tool_calls", "message": {"content": None, "tool_calls": []}}], ""),
        (None, ""),
    ],
)  # fmt: skip
def test_the_first_answer_is_read(answered: Any, expected: str) -> None:
    assert read(QUESTION, answered).answer == expected


def test_calls_of_tools_and_their_results_are_part_of_a_conversation() -> None:
    call = {"id": "secret-id", "function": {"name": "find", "arguments": '{"q": 1}'}}
    found = read([*QUESTION, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "content": "42"}])
    assert found.uses_tools
    assert found.messages[1].calls == (ToolCall("find", '{"q": 1}'),)
    blocks = read(
        [
            *QUESTION,
            {"role": "assistant", "content": [{"type": "tool_use", "name": "find", "input": {"q": 1}}]},
            {"role": "user", "content": [{"type": "tool_result", "content": "42"}]},
        ]
    )
    assert [(message.role, message.text) for message in blocks.messages] == [
        ("user", "Why?"),
        ("assistant", ""),
        ("tool", "42"),
    ]
    assert blocks.messages[1].calls == (ToolCall("find", '{"q": 1}'),)


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"truncated": 9000, "beginning": "["}, "in part only"),
        (["one", "two"], "list of texts"),
        ([{"role": "system", "content": "Be kind."}], "no user says anything"),
        ([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}], "image_url"),
        ([{"role": "judge", "content": "Guilty."}], "unknown role"),
        ([{"role": "user", "content": "a" * (LONGEST + 1)}], "more than 50,000 characters"),
        ({"query": "Why?", "documents": []}, "no user says anything"),
        ([{"role": "user", "content": 7}], "something else than text"),
        ([{"role": "user", "content": {"type": {}, "text": "Why?"}}], "and a case holds text only"),
        ([{"role": "user", "content": [{"type": ["a"], "text": "Why?"}]}], "and a case holds text only"),
        ({"truncated": "x", "beginning": "["}, "in part only"),
    ],
)
def test_what_makes_no_case_is_refused_with_the_reason(asked: Any, reason: str) -> None:
    with pytest.raises(NotPromotableError, match=reason):
        read(asked)


def test_a_request_without_content_is_refused_with_what_may_be_the_cause() -> None:
    with pytest.raises(NotPromotableError, match=r"observation\.content"):
        read_conversation(None, None)
    with pytest.raises(NotPromotableError, match="no JSON"):
        read_conversation("{", None)


def test_an_answer_that_is_kept_in_part_makes_no_case() -> None:
    with pytest.raises(NotPromotableError, match="the answer is kept in part"):
        read(QUESTION, {"truncated": 9000, "beginning": "["})


def test_a_question_may_be_handed_in_but_has_to_say_something() -> None:
    assert typed_question(" Why? ").question == "Why?"
    with pytest.raises(NotPromotableError):
        typed_question(" \n")


def test_calls_and_answers_of_no_known_form_are_none() -> None:
    """Whatever somebody sent, or a provider answered."""
    asked = [{"role": "user", "content": "Why?", "tool_calls": 5}]
    found = read(asked, {"type": [], "text": "So."})
    assert (found.question, found.uses_tools, found.answer) == ("Why?", False, "So.")
    assert read_conversation(json.dumps(asked), "[" * 900 + '"x"' + "]" * 900).answer == ""
