from __future__ import annotations

from typing import Any

import pytest

from inferspect.prompts.endpoints import put_before, taken_prompt
from inferspect.refusal import Refusal

SYSTEM, USER = {"role": "system", "content": "S"}, {"role": "user", "content": "U"}


@pytest.mark.parametrize(
    ("call_type", "data", "expected"),
    [
        ("acompletion", {}, {"messages": [SYSTEM, USER]}),
        ("acompletion", {"messages": [USER]}, {"messages": [SYSTEM, USER, USER]}),
        ("anthropic_messages", {"messages": [USER]}, {"system": "S", "messages": [USER, USER]}),
        ("anthropic_messages", {"system": "own", "messages": []}, {"system": "S\n\nown", "messages": [USER]}),
        (
            "anthropic_messages",
            {"system": [{"type": "text", "text": "own"}], "messages": []},
            {"system": [{"type": "text", "text": "S"}, {"type": "text", "text": "own"}], "messages": [USER]},
        ),
        ("aresponses", {"input": "Hi"}, {"instructions": "S", "input": [USER, {"role": "user", "content": "Hi"}]}),
        ("aresponses", {}, {"instructions": "S", "input": [USER]}),
        ("aresponses", {"input": [USER], "instructions": "own"}, {"instructions": "S\n\nown", "input": [USER, USER]}),
    ],
)
def test_each_api_has_its_place_for_a_prompt(call_type: str, data: dict[str, Any], expected: dict[str, Any]) -> None:
    """Instructions where the API has them, messages before the request's."""
    put_before(data, [SYSTEM, USER], call_type)
    assert data == expected


def test_a_text_prompt_leaves_a_plain_input_as_it_is() -> None:
    """The Responses API's input stays a text where only instructions are added; none are added where there are none."""
    data: dict[str, Any] = {"input": "Hi"}
    put_before(data, [SYSTEM], "aresponses")
    assert data == {"input": "Hi", "instructions": "S"}
    data = {"messages": []}
    put_before(data, [USER], "anthropic_messages")
    assert data == {"messages": [USER]}


@pytest.mark.parametrize(
    ("call_type", "field", "value"),
    [
        ("acompletion", "messages", "Hi"),
        ("anthropic_messages", "messages", USER),
        ("anthropic_messages", "system", {"type": "text", "text": "own"}),
        ("aresponses", "input", USER),
        ("aresponses", "instructions", [SYSTEM]),
    ],
)
def test_nothing_of_the_request_is_lost_in_silence(call_type: str, field: str, value: Any) -> None:
    """What cannot stand beside the prompt's messages is refused."""
    with pytest.raises(Refusal) as refused:
        put_before({field: value}, [SYSTEM, USER], call_type)
    assert (refused.value.code, refused.value.param) == ("prompt_invalid", field)


def test_what_names_a_prompt_is_taken_out_of_the_request() -> None:
    data = {"prompt_id": "a", "prompt_version": 2, "prompt_variables": {"b": 1}, "model": "demo"}
    asked = taken_prompt(data, "acompletion")
    assert (asked.name, asked.label, asked.version, asked.variables) == ("a", None, 2, {"b": 1})
    assert data == {"model": "demo"}


@pytest.mark.parametrize(
    ("wrong", "call_type", "param"),
    [
        ({"prompt_id": 5}, "acompletion", "prompt_id"),
        ({"prompt_id": "\x1b[31m"}, "acompletion", "prompt_id"),
        ({"prompt_version": True}, "acompletion", "prompt_version"),
        ({"prompt_version": 0}, "acompletion", "prompt_version"),
        ({"prompt_version": 2**31}, "acompletion", "prompt_version"),
        ({"prompt_version": "1"}, "acompletion", "prompt_version"),
        ({"prompt_label": ""}, "acompletion", "prompt_label"),
        ({"prompt_variables": []}, "acompletion", "prompt_variables"),
        ({}, "aembedding", "prompt_id"),
        ({}, "atext_completion", "prompt_id"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(wrong: dict[str, Any], call_type: str, param: str) -> None:
    with pytest.raises(Refusal) as refused:
        taken_prompt({"prompt_id": "a", **wrong}, call_type)
    assert (refused.value.status_code, refused.value.code, refused.value.param) == (400, "prompt_invalid", param)
